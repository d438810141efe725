import { expect, test } from 'vitest'
import { type Build, findBuilds } from '../../ts/config/builds.ts'
import { directoryWith } from './files.ts'

const found = (files: Record<string, string>): Build[] => findBuilds(directoryWith(files))
const MAKE = 'all:\n\tcc a.c\nclean:\n\trm -f a\n'

test.each<[system: string, files: Record<string, string>, build: string, clean: string | undefined]>([
  ['Make', { Makefile: MAKE }, 'make -j<N>', 'make clean'],
  ['Make', { GNUmakefile: MAKE }, 'make -j<N>', 'make clean'],
  ['Make', { configure: '#!/bin/sh\n' }, 'make -j<N>', 'make clean'],
  ['Ninja', { 'build.ninja': '' }, 'ninja -j<N>', 'ninja -t clean'],
  ['CMake', { 'CMakeLists.txt': '' }, 'cmake --build build --parallel <N>', 'cmake --build build --target clean'],
  ['CMake', { 'CMakeCache.txt': '', 'build.ninja': '' }, 'cmake --build . --parallel <N>', 'cmake --build . --target clean'],
  ['Cargo', { 'Cargo.toml': '' }, 'cargo build -j<N>', 'cargo clean'],
  ['Meson', { 'meson.build': '' }, 'ninja -C builddir -j<N>', 'ninja -C builddir -t clean'],
  [
    'Gradle',
    { 'settings.gradle.kts': '', gradlew: '' },
    './gradlew --no-daemon --parallel --max-workers=<N> assemble',
    './gradlew --no-daemon clean',
  ],
  ['Gradle', { 'build.gradle': '' }, 'gradle --no-daemon --parallel --max-workers=<N> assemble', 'gradle --no-daemon clean'],
  ['Maven', { 'pom.xml': '' }, 'mvn -B -T <N> -DskipTests package', 'mvn -B clean'],
  ['Maven', { 'pom.xml': '', mvnw: '' }, './mvnw -B -T <N> -DskipTests package', './mvnw -B clean'],
  ['Go', { 'go.mod': '' }, 'go build -a -p <N> ./...', undefined],
  ['Bazel', { 'MODULE.bazel': '' }, 'bazel build --jobs=<N> //...', 'bazel clean && bazel shutdown'],
  ['npm', { 'package.json': '{"scripts":{"build":"tsc","clean":"rm -r dist"}}' }, 'npm run build', 'npm run clean'],
  ['npm', { 'package.json': '{"scripts":{"build":"tsc"}}' }, 'npm run build', undefined],
])('%s is found by %j', (system, files, build, clean) => {
  expect(found(files)[0]).toMatchObject({ system, file: Object.keys(files)[0], build_command_template: build })
  expect(found(files)[0]?.clean_command_template).toBe(clean)
})

test('a source tree is configured by the setup command, a build directory is not', () => {
  expect(found({ 'CMakeLists.txt': '' })[0]?.setup_command_template).toBe('cmake -S . -B build')
  expect(found({ 'CMakeCache.txt': '' })[0]?.setup_command_template).toBeUndefined()
  expect(found({ 'meson.build': '' })[0]?.setup_command_template).toContain('meson setup builddir')
  expect(found({ configure: '' })[0]?.setup_command_template).toContain('./configure')
  expect(found({ configure: '', Makefile: MAKE })[0]?.setup_command_template).toBeUndefined()
})

test.each<[makefile: string, clean: boolean]>([
  ['clean: all\n', true],
  ['distclean clean:: x\n', true],
  ['.DEFAULT:\n\tcd src && $(MAKE) $@\n', true],
  ['%: force\n\t$(MAKE) -C src $@\n', true],
  ['include rules.mk\n', true],
  ['all:\n\tcc a.c\n', false],
  ['# clean: no target\nclean := rm\nall: clean-not\n', false],
  ['distclean:\n\trm -f x\n', false],
])('of the Makefile %j, there is a clean target: %s', (Makefile, clean) => {
  const [build] = found({ Makefile })
  expect(build?.clean_command_template).toBe(clean ? 'make clean' : undefined)
  expect(build?.levels).toBe(clean)
})

test('a directory without a build has none; neither does a package.json without a script build', () => {
  expect(found({ 'README.md': '', 'package.json': '{"name":"x"}' })).toEqual([])
  expect(found({ 'package.json': '{' })).toEqual([])
})

test('of several builds the one that others wrap comes first', () => {
  const systems = found({ Makefile: MAKE, 'package.json': '{"scripts":{"build":"make"}}', 'Cargo.toml': '' }).map(({ system }) => system)
  expect(systems).toEqual(['Cargo', 'Make', 'npm'])
})
