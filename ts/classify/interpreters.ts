import { byName } from './by-name.ts'

/** How an interpreter's command line names what it runs. */
interface Interpreter {
  /** Options whose value is the next word. */
  valued: ReadonlySet<string>
  /** The same inside a cluster: -euo pipefail. */
  cluster?: RegExp
  /** An option after which there is no script file: -c, -e. */
  stop: RegExp
  /** An option whose value is a module that runs as the script. */
  module?: RegExp
}

const SHELL: Interpreter = {
  valued: new Set(['-o', '+o', '-O', '+O', '--rcfile', '--init-file']),
  cluster: /^[-+][A-Za-z]*[oO]$/,
  stop: /^-(?!-)[A-Za-z]*[cs]/,
}
const SCRIPTED: readonly [RegExp, Interpreter][] = [
  [/^v?(?:python|pypy)[\d.]*(?:-dbg)?$/, { valued: new Set(['-W', '-X']), stop: /^-[A-Za-z]*c$/, module: /^-[A-Za-z]*m$/ }],
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

export const interpreterOf = byName((name): Interpreter | null => {
  if (SHELLS.has(name)) return SHELL
  for (const [pattern, interpreter] of SCRIPTED) if (pattern.test(name)) return interpreter
  return null
})

/** The script's own command line, its file or module first; null: none (interactive, -c, -e or from standard input). Of a module `a.b` it is `a`. */
export function scriptOf({ valued, cluster, stop, module }: Interpreter, argv: readonly string[]): readonly string[] | null {
  for (let i = 1; i < argv.length; i += 1) {
    const word = argv[i] as string
    if (word === '--') return i + 1 < argv.length ? argv.slice(i + 1) : null
    if (word === '-' || stop.test(word)) return null
    if (module?.test(word)) return i + 1 < argv.length ? [(argv[i + 1] as string).replace(/\..*/s, ''), ...argv.slice(i + 2)] : null
    if (valued.has(word) || cluster?.test(word)) i += 1
    else if (!word.startsWith('-') && !word.startsWith('+')) return argv.slice(i)
  }
  return null
}

/** The string after `-c` (also in a cluster such as -ec), or null. */
export function inlineScript(argv: readonly string[]): string | null {
  for (let i = 1; i < argv.length; i += 1) {
    const word = argv[i] as string
    if (SHELL.valued.has(word) || SHELL.cluster?.test(word)) i += 1
    else if (/^-(?!-)[A-Za-z]*c/.test(word)) return argv.slice(i + 1).find((next) => !/^[-+]/.test(next)) ?? null
    else if (!/^[-+]/.test(word)) return null
  }
  return null
}
