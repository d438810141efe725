/** What a process works on, from its command line: the source file where there is one, else the output file, crate or package. */
import { byName } from './by-name.ts'
import type { Command } from './unwrap.ts'

type Extract = (argv: readonly string[]) => string | null

const SOURCE = new Set(
  (
    'c cc cp cpp cxx c++ C i ii m mm cu hip s S sx asm f F f77 f90 F90 f95 f03 f08 ada adb ads go rs swift zig kt kts scala java proto td y yy ' +
    'l ll ui qrc pyx swg idl hs ml mli h hh hpp hxx fbs xml gperf bc'
  ).split(' '),
)
/** Options of C-like compilers whose value is the next word and may look like a source file. */
const VALUED = new Set(
  (
    '-o -I -D -U -L -l -x -include -imacros -isystem -iquote -idirafter -iprefix -isysroot --sysroot -imultilib -imultiarch -MF -MT -MQ -dumpbase -dumpbase-ext -dumpdir ' +
    '-auxbase -auxbase-strip -arch -target -Xclang -Xpreprocessor -Xassembler -Xlinker -T -u -z -main-file-name -resource-dir -fdebug-compilation-dir -ferror-limit ' +
    '-internal-isystem -internal-externc-isystem -mllvm -triple -target-cpu -coverage-notes-file -dependency-file -module-name -primary-file'
  ).split(' '),
)
/** With one of these a driver stops before linking, so its source says more than its output. */
const NO_LINK = new Set(['-c', '-S', '-E', '-M', '-MM', '-fsyntax-only', '--compile', '-dc', '-cc1', '-cc1as', '-emit-pcm'])

const DASH = 45
/** What is longer is none of them and need not be hashed. */
const LONGEST_OPTION = Math.max(...[...VALUED, ...NO_LINK].map((option) => option.length))

const source: Extract = (argv) => {
  for (let i = 1; i < argv.length; i += 1) {
    const word = argv[i] as string
    if (word.charCodeAt(0) === DASH) {
      if (word.length <= LONGEST_OPTION && VALUED.has(word)) i += 1
    } else if (SOURCE.has(word.slice(word.lastIndexOf('.') + 1)) && word.includes('.')) {
      // Of automake, before a shell has run it: `test -f 'a.c' || echo './'`a.c
      return word.replace(/`[^`]*`/g, '')
    }
  }
  return null
}
const stopsBeforeLink = (argv: readonly string[]): boolean =>
  argv.some((word) => word.charCodeAt(0) === DASH && word.length <= LONGEST_OPTION && NO_LINK.has(word))
const separateOutput = optionValue('-o', '--output')
/** Also joined, `-odemo`, which GCC, Clang and the linkers take; a few options of theirs begin like it. */
const output: Extract = (argv) => {
  for (let i = 1; i < argv.length; i += 1) {
    const word = argv[i] as string
    if (word.charCodeAt(0) !== DASH) continue
    if (word === '-o' || word === '--output') return argv[i + 1] ?? null
    if (word.startsWith('--output=')) return word.slice('--output='.length)
    if (word.startsWith('-o') && !NO_OUTPUT.test(word)) return word.slice(word[2] === '=' ? 3 : 2)
  }
  return null
}
const NO_OUTPUT = /^-o(?:magic$|bjc|bject|rderfile|format|penmp|ffload)/
const driver: Extract = (argv) => (stopsBeforeLink(argv) ? (source(argv) ?? output(argv)) : (output(argv) ?? source(argv)))
const sourceOrOutput: Extract = (argv) => source(argv) ?? output(argv)
const outputOrSource: Extract = (argv) => output(argv) ?? source(argv)
const crate: Extract = (argv) => {
  const name = optionValue('--crate-name')(argv)
  if (name === '___') return null
  // Every crate's build script has the same name.
  return name === null || name.startsWith('build_script_') ? (source(argv) ?? name) : name
}
const goPackage: Extract = (argv) => optionValue('-p', '-importpath')(argv) ?? source(argv)
const lastOperand: Extract = (argv) => argv.findLast((word, i) => i > 0 && !word.startsWith('-')) ?? null

/** `ar rcs lib.a …`, `ar -rcs lib.a …`, `go tool pack r lib.a …`: the first word after the operation; with b, a or i a member's name comes between. */
const archive: Extract = (argv) => {
  const operation = argv.findIndex((word, i) => i > 0 && !word.startsWith('--'))
  if (operation < 1) return null
  return argv[operation + (/^-?(?=[a-zA-Z]*[mqr])[a-zA-Z]*[abi]/.test(argv[operation] as string) ? 2 : 1)] ?? null
}
/** `jar cf demo.jar …`, `jar cmf MANIFEST demo.jar …`, `jar --create --file demo.jar …` */
const jarFile: Extract = (argv) => {
  const operation = argv[1] ?? ''
  if (operation.startsWith('--')) return optionValue('--file', '-f')(argv)
  const valued = operation.replace(/[^fme]/g, '')
  return valued.includes('f') ? (argv[2 + valued.indexOf('f')] ?? null) : null
}
const ranJar = optionValue('-jar')
/** What the class in a Java virtual machine works on: a compiler's source, or the jar that runs. */
const java: Extract = (argv) => ranJar(argv) ?? source(argv)
/** clang-cl and lld-link: /Foa.obj, /Fe:a.exe, /OUT:a.dll, with - in front as well. */
const msvcOutput: Extract = (argv) => {
  for (const word of argv) {
    const value = /^[-/](?:Fo|Fe|out:|OUT:)(.+)$/.exec(word)?.[1]
    if (value !== undefined) return value.replace(/^:/, '')
  }
  return null
}
const clangCl: Extract = (argv) =>
  argv.includes('/c') || argv.includes('-c') ? (source(argv) ?? msvcOutput(argv)) : (msvcOutput(argv) ?? driver(argv))
/** …/build/<package>-<hash>/build-script-build */
const buildScript: Extract = (argv) => /([^/]+)-[0-9a-f]{8,}\/[^/]+$/.exec(argv[0] ?? '')?.[1] ?? null

const DRIVER =
  /^(?:[\w.]+-)*(?:gcc|g\+\+|clang|clang\+\+|clang-cl|cc|c\+\+|c89|c99|cpp|tcc|gfortran|flang|nvcc|hipcc|icc|icpc|icx|icpx|emcc|em\+\+|emcc\.py)(?:-\d[\d.]*|-posix|-win32)?$/
const LINKER = /^(?:[\w.]+-)*(?:ld|ld\.\w+|gold|ld64\.lld|lld|lld-link|rust-lld|mold|wild|collect2|nvlink)$/
const ARCHIVER = /^(?:[\w.]+-)*ar(?:-\d+)?$/
const BINUTIL = /^(?:[\w.]+-)*(?:ranlib|strip|objcopy|nm|objdump|readelf|size)(?:-\d+)?$/
const TABLEGEN = /^(?:[\w.]+-)*tblgen$/

const BY_NAME: ReadonlyMap<string, Extract> = new Map<string, Extract>([
  ...['cc1', 'cc1plus', 'cc1obj', 'cc1objplus', 'f951', 'gnat1', 'd21', 'cicc', 'cudafe++', 'ptxas'].map(
    (name) => [name, sourceOrOutput] as const,
  ),
  ...['nasm', 'yasm', 'gas', 'as', 'lto1', 'lto-wrapper', 'dwp', 'moc', 'uic', 'rcc'].map((name) => [name, outputOrSource] as const),
  ...[
    'javac',
    'ecj',
    'kotlinc',
    'scalac',
    'protoc',
    'bison',
    'yacc',
    'flex',
    'cython',
    'cython3',
    'swig',
    'gperf',
    'glslc',
    'ghc',
    'ocamlopt.opt',
    'ocamlc.opt',
  ].map((name) => [name, source] as const),
  ...['rustc', 'rustdoc', 'clippy-driver'].map((name) => [name, crate] as const),
  ...['compile', 'asm', 'cgo'].map((name) => [name, goPackage] as const),
  ['link', separateOutput],
  ['java', java],
  ['jar', jarFile],
  ['pack', archive],
  ['buildid', lastOperand],
  ['clang-cl', clangCl],
  ['lld-link', msvcOutput],
  ['build-script-build', buildScript],
  ['swift-frontend', optionValue('-primary-file', '-module-name')],
  ['swiftc', driver],
])

const extractorOf = byName((name): Extract | undefined => {
  const known = BY_NAME.get(name)
  if (known) return known
  if (DRIVER.test(name)) return driver
  if (LINKER.test(name)) return output
  if (ARCHIVER.test(name)) return archive
  if (BINUTIL.test(name)) return lastOperand
  if (TABLEGEN.test(name)) return outputOrSource
  return name.endsWith('-as') ? outputOrSource : undefined
})

/** Whether a command of this name can have a target at all. */
export function hasTarget(name: string): boolean {
  return extractorOf(name) !== undefined
}

export function targetOf({ name, argv }: Command): string | null {
  if (argv.length < 2) return name.startsWith('build-script-') ? buildScript(argv) : null
  return extractorOf(name)?.(argv) ?? null
}

/** Value of the first of these options, as the next word or after `=`. */
function optionValue(...options: readonly string[]): Extract {
  return (argv) => {
    for (let i = 1; i < argv.length; i += 1) {
      const word = argv[i] as string
      for (const option of options) {
        if (!word.startsWith(option)) continue
        if (word.length === option.length) return argv[i + 1] ?? null
        if (word[option.length] === '=') return word.slice(option.length + 1)
      }
    }
    return null
  }
}
