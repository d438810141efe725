/** How an interpreter's command line names what it runs. */
interface Interpreter {
  /** Options whose value is the next word. */
  valued: ReadonlySet<string>
  /** An option after which there is no script file: -c, -e, -m. */
  stop: RegExp
}

const SHELL: Interpreter = {
  valued: new Set(['-o', '+o', '-O', '+O', '--rcfile', '--init-file']),
  stop: /^-(?!-)[A-Za-z]*[cs]/,
}
const SCRIPTED: readonly [RegExp, Interpreter][] = [
  [/^(?:python|pypy)[\d.]*(?:-dbg)?$/, { valued: new Set(['-W', '-X']), stop: /^-[A-Za-z]*[cm]$/ }],
  [/^(?:mini)?perl[\d.]*$/, { valued: new Set(['-I']), stop: /^-(?![MmIx])[\w.]*[eE]$/ }],
  [/^(?:mini)?ruby[\d.]*$/, { valued: new Set(['-I', '-r']), stop: /^-(?![Ir])[\w.]*e$/ }],
  [
    /^node(?:js)?$/,
    { valued: new Set(['-r', '-C', '--require', '--import', '--loader', '--conditions']), stop: /^(?:-e|-p|-pe|--eval|--print)$/ },
  ],
  [/^(?:lua[\d.]*|luajit|tclsh[\d.]*|jimsh0?|guile[\d.]*|php[\d.]*|Rscript)$/, { valued: new Set(['-l', '-d']), stop: /^-[er]$/ }],
]
const SHELLS = new Set(['sh', 'bash', 'dash', 'zsh', 'ksh', 'mksh', 'ash', 'posh'])

export function isShell(name: string): boolean {
  return SHELLS.has(name)
}

export function interpreterOf(name: string): Interpreter | null {
  if (SHELLS.has(name)) return SHELL
  for (const [pattern, interpreter] of SCRIPTED) if (pattern.test(name)) return interpreter
  return null
}

/** Index of the script file in argv; 0: none (interactive, -c, -e, -m or from standard input). */
export function scriptIndex({ valued, stop }: Interpreter, argv: readonly string[]): number {
  for (let i = 1; i < argv.length; i += 1) {
    const word = argv[i] as string
    if (word === '--') return i + 1 < argv.length ? i + 1 : 0
    if (word === '-' || stop.test(word)) return 0
    if (valued.has(word)) i += 1
    else if (!word.startsWith('-') && !word.startsWith('+')) return i
  }
  return 0
}

/** The string after `-c` (also in a cluster such as -ec), or null. */
export function inlineScript(argv: readonly string[]): string | null {
  for (let i = 1; i < argv.length; i += 1) {
    const word = argv[i] as string
    if (SHELL.valued.has(word)) i += 1
    else if (/^-(?!-)[A-Za-z]*c/.test(word)) return argv.slice(i + 1).find((next) => !/^[-+]/.test(next)) ?? null
    else if (!/^[-+]/.test(word)) return null
  }
  return null
}
