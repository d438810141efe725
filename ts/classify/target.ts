/** What a process works on, from its command line: the source file where there is one, else the output file, crate or package. */
import type { Command } from './unwrap.ts'

type Extract = (argv: readonly string[]) => string | null

const SOURCE =
  /\.(?:c|cc|cp|cpp|cxx|c\+\+|C|i|ii|m|mm|cu|hip|s|S|sx|asm|f|F|f77|f90|F90|f95|f03|f08|ada|adb|ads|go|rs|swift|zig|kt|kts|scala|java|proto|td|y|yy|l|ll|ui|qrc|pyx|swg|idl|hs|ml|mli|h|hh|hpp|hxx|fbs|xml|gperf|bc)$/
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

const source: Extract = (argv) => {
  for (let i = 1; i < argv.length; i += 1) {
    const word = argv[i] as string
    if (VALUED.has(word)) i += 1
    else if (word.charCodeAt(0) !== 45 && SOURCE.test(word)) return word
  }
  return null
}
const output = optionValue('-o', '--output')
const driver: Extract = (argv) => (argv.some((word) => NO_LINK.has(word)) ? (source(argv) ?? output(argv)) : (output(argv) ?? source(argv)))
const sourceOrOutput: Extract = (argv) => source(argv) ?? output(argv)
const outputOrSource: Extract = (argv) => output(argv) ?? source(argv)
const crate: Extract = (argv) => {
  const name = optionValue('--crate-name')(argv)
  return name === '___' ? null : (name ?? source(argv))
}
const goPackage: Extract = (argv) => optionValue('-p', '-importpath')(argv) ?? source(argv)
const lastOperand: Extract = (argv) => argv.findLast((word, i) => i > 0 && !word.startsWith('-')) ?? null

/** `ar rcs lib.a …`, `ar -rcs lib.a …`, `jar cf demo.jar …`: the first word after the operation. */
const archive: Extract = (argv) => {
  const operation = argv.findIndex((word, i) => i > 0 && !word.startsWith('--'))
  return (operation > 0 ? argv[operation + 1] : null) ?? null
}
const jarFile: Extract = (argv) => optionValue('-jar')(argv)
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
  ['link', output],
  ['java', jarFile],
  ['jar', archive],
  ['build-script-build', buildScript],
  ['swift-frontend', optionValue('-primary-file', '-module-name')],
  ['swiftc', driver],
])

export function targetOf({ name, argv }: Command): string | null {
  if (argv.length < 2) return name.startsWith('build-script-') ? buildScript(argv) : null
  return extractorOf(name)?.(argv) ?? null
}

function extractorOf(name: string): Extract | undefined {
  const known = BY_NAME.get(name)
  if (known) return known
  if (DRIVER.test(name)) return driver
  if (LINKER.test(name)) return output
  if (ARCHIVER.test(name)) return archive
  if (BINUTIL.test(name)) return lastOperand
  if (TABLEGEN.test(name)) return outputOrSource
  return name.endsWith('-as') ? outputOrSource : undefined
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
