import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { MyMonitorError } from '../errors.ts'

/** A build found in a directory, as the keys of a project. */
export interface Build {
  system: string
  /** The file that it was recognized by. */
  file: string
  setup_command_template?: string
  build_command_template: string
  clean_command_template?: string
  /** What to know about these commands. */
  note?: string
  /** Several levels one after the other make sense: each takes a `-j` and builds everything. */
  levels: boolean
}

interface Directory {
  has(name: string): boolean
  /** '' where the file cannot be read. */
  text(name: string): string
}
interface BuildSystem {
  system: string
  /** Any one of these files. */
  files: readonly string[]
  /** Null when the file alone does not make a build. */
  commands(directory: Directory, file: string): Omit<Build, 'system' | 'file'> | null
}

/** One entry a build system. Where several are found the first is taken for the build: a Makefile or package.json is often only a wrapper. */
const SYSTEMS: readonly BuildSystem[] = [
  {
    system: 'Bazel',
    files: ['MODULE.bazel', 'WORKSPACE.bazel', 'WORKSPACE'],
    commands: () => ({
      build_command_template: 'bazel build --jobs=<N> //...',
      clean_command_template: 'bazel clean && bazel shutdown',
      note: 'The server is shut down, too, so that the recorded build starts it: only what the build starts itself is recorded.',
      levels: true,
    }),
  },
  {
    system: 'Cargo',
    files: ['Cargo.toml'],
    commands: () => ({ build_command_template: 'cargo build -j<N>', clean_command_template: 'cargo clean', levels: true }),
  },
  {
    system: 'Go',
    files: ['go.mod'],
    commands: () => ({
      build_command_template: 'go build -a -p <N> ./...',
      note: '-a builds everything anew, so no clean command is needed (go clean -cache would empty the cache of all your projects).',
      levels: true,
    }),
  },
  {
    system: 'CMake',
    // Of a build directory; then of a source tree.
    files: ['CMakeCache.txt', 'CMakeLists.txt'],
    commands: (_, file) => {
      const at = file === 'CMakeCache.txt' ? '.' : 'build'
      return {
        ...(at === '.' ? {} : { setup_command_template: 'cmake -S . -B build' }),
        build_command_template: `cmake --build ${at} --parallel <N>`,
        clean_command_template: `cmake --build ${at} --target clean`,
        levels: true,
      }
    },
  },
  {
    system: 'Meson',
    files: ['meson.build'],
    commands: () => ({
      setup_command_template: 'test -e builddir/build.ninja || meson setup builddir',
      build_command_template: 'ninja -C builddir -j<N>',
      clean_command_template: 'ninja -C builddir -t clean',
      levels: true,
    }),
  },
  {
    system: 'Ninja',
    files: ['build.ninja'],
    commands: () => ({ build_command_template: 'ninja -j<N>', clean_command_template: 'ninja -t clean', levels: true }),
  },
  {
    system: 'Gradle',
    files: ['settings.gradle', 'settings.gradle.kts', 'build.gradle', 'build.gradle.kts'],
    commands: (directory) => {
      const gradle = `${directory.has('gradlew') ? './gradlew' : 'gradle'} --no-daemon`
      return {
        build_command_template: `${gradle} --parallel --max-workers=<N> assemble`,
        clean_command_template: `${gradle} clean`,
        note: '--no-daemon, because only what the build starts itself is recorded.',
        levels: true,
      }
    },
  },
  {
    system: 'Maven',
    files: ['pom.xml'],
    commands: (directory) => {
      const maven = `${directory.has('mvnw') ? './mvnw' : 'mvn'} -B`
      return {
        build_command_template: `${maven} -T <N> -DskipTests package`,
        clean_command_template: `${maven} clean`,
        levels: true,
      }
    },
  },
  {
    system: 'Make',
    files: ['GNUmakefile', 'makefile', 'Makefile', 'configure'],
    commands: (directory, file) => {
      const unconfigured = file === 'configure'
      const clean = unconfigured || hasCleanTarget(directory.text(file))
      return {
        ...(unconfigured ? { setup_command_template: 'test -e Makefile || ./configure' } : {}),
        build_command_template: 'make -j<N>',
        ...(clean ? { clean_command_template: 'make clean' } : { note: `${file} has no target clean; ${ONE_LEVEL}` }),
        levels: clean,
      }
    },
  },
  {
    system: 'npm',
    files: ['package.json'],
    commands: (directory, file) => {
      const scripts = scriptsOf(directory.text(file))
      if (!Object.hasOwn(scripts, 'build')) return null
      return {
        build_command_template: 'npm run build',
        ...(Object.hasOwn(scripts, 'clean') ? { clean_command_template: 'npm run clean' } : {}),
        note: 'npm knows no -j: one level only. With a build that takes one, write <N> where it goes.',
        levels: false,
      }
    },
  },
]

const ONE_LEVEL = 'without a clean command only the first level would build anything.'

/** The builds of a directory, the likeliest first. Nothing is executed. */
export function findBuilds(dir: string): Build[] {
  const names = namesIn(dir)
  const directory: Directory = { has: (name) => names.has(name), text: (name) => textOf(join(dir, name)) }
  return SYSTEMS.flatMap(({ system, files, commands }) => {
    const file = files.find((name) => names.has(name))
    const found = file === undefined ? null : commands(directory, file)
    return file === undefined || found === null ? [] : [{ system, file, ...found }]
  })
}

function namesIn(dir: string): Set<string> {
  try {
    return new Set(readdirSync(dir))
  } catch (cause) {
    throw new MyMonitorError('ERR_MYMONITOR_CONFIG', `cannot look for a build in ${dir}: ${(cause as Error).message}`, { cause })
  }
}

/** For the message that nothing was found. */
export function knownSystems(): string[] {
  return SYSTEMS.map(({ system }) => system)
}

/** Also true where the file passes any target on, or includes others that may have one. */
function hasCleanTarget(makefile: string): boolean {
  return /^(?:[^\s#:=][^#:=\n]*\s)?clean(?:\s[^#:=\n]*)?:(?!=)|^(?:\.DEFAULT|%)\s*:|^\s*-?s?include\s/m.test(makefile)
}

function scriptsOf(manifest: string): object {
  try {
    const { scripts } = JSON.parse(manifest) as { scripts?: unknown }
    return typeof scripts === 'object' && scripts !== null ? scripts : {}
  } catch {
    // Not a manifest that npm would take.
    return {}
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
