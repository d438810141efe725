/** Just enough of the shell's grammar to find the command that `sh -c "…"` runs, and its words. Nothing is expanded. */
import { baseName } from './words.ts'

/** They run no program, or more than the one that their own words tell. */
const NO_PROGRAM = new Set(
  '. alias break case continue do done elif else esac eval exit export fi for function hash if kill local read readonly return select set shift source then times trap type ulimit umask unset until wait while { } ! [['.split(
    ' ',
  ),
)
/** Words before a command that are not part of it. */
const PREFIXES = new Set(['time', 'exec', 'command'])
/** What may stand beside the one command: they say where or how it runs, or nothing. */
const BESIDE = new Set(['cd', ':', 'set', 'unset', 'export', 'umask', 'ulimit'])
/** Between the one command and what stands beside it, or at the end. */
const SEQUENCE = new Set(['', '&&', ';', '\n'])
const ASSIGNMENT = /^[A-Za-z_]\w*\+?=/

/** The words of the one simple command that a script is, also after `cd DIR &&`; null where it is several, a pipeline, a loop or no program at all. */
export function commandOf(script: string): string[] | null {
  let only: string[] | null = null
  for (const { words, operator } of simpleCommands(script, (begun) => only !== null && programOf(begun) !== null)) {
    if (!SEQUENCE.has(operator)) return null
    const command = programOf(words)
    if (command === null) continue
    const first = command[0] as string
    const name = baseName(first)
    if (only !== null || name === '' || name.startsWith('$') || NO_PROGRAM.has(first)) return null
    only = command
  }
  return only
}

/** A simple command without what stands before it; null where it is nothing but that, or one that may stand beside the program. */
function programOf(words: string[]): string[] | null {
  const command = withoutPrefix(words)
  const [first] = command
  return first === undefined || BESIDE.has(first) ? null : command
}

/** The words of one line, as a shell would split it. */
export function wordsOf(line: string): string[] {
  for (const { words } of simpleCommands(line)) if (words.length > 0) return words
  return []
}

function withoutPrefix(words: string[]): string[] {
  let start = 0
  while (start < words.length) {
    const word = words[start] as string
    if (!PREFIXES.has(word) && !ASSIGNMENT.test(word)) break
    start += 1
  }
  return start === 0 ? words : words.slice(start)
}

interface SimpleCommand {
  words: string[]
  /** What ends it: a control operator, a parenthesis, the start of a here-document, or nothing at the end of the script. */
  operator: string
}

/**
 * Splits at unquoted operators; redirections, comments and what follows a here-document are left out. A command that is enough as soon as these words
 * of it are known is yielded with them, and is the last.
 */
function* simpleCommands(script: string, isEnough: (words: string[]) => boolean = () => false): Generator<SimpleCommand> {
  let words: string[] = []
  let word: string | null = null
  let redirected = false
  const endWord = () => {
    if (word === null) return
    if (!redirected) words.push(word)
    redirected = false
    word = null
  }
  let i = 0
  while (i < script.length) {
    const char = script[i] as string
    PART.lastIndex = i
    const part = PART.exec(script)?.[0] ?? (char === '$' ? expansionAt(script, i) : char)
    i += part.length
    if (char === ' ' || char === '\t') {
      endWord()
      if (isEnough(words)) {
        yield { words, operator: '' }
        return
      }
    } else if (char === '<' || char === '>' || part.startsWith('&>')) {
      if (word !== null && /^\d+$/.test(word)) word = null
      endWord()
      if (part.startsWith('<<')) {
        yield { words, operator: '<<' }
        return
      }
      redirected = true
    } else if (char === '#' && word === null) {
      i = script.indexOf('\n', i)
      if (i === -1) break
    } else if (OPERATORS.includes(char)) {
      endWord()
      redirected = false
      if (words.length > 0 || char === '(') yield { words, operator: part }
      words = []
    } else if (part !== '\\\n') {
      const text = textOf(part)
      word = word === null ? text : word + text
    }
  }
  endWord()
  if (words.length > 0) yield { words, operator: '' }
}

const OPERATORS = ';&|()\n\r\f\v'
/**
 * Blanks, a run of characters that mean nothing to the shell, a quoted string, an escape, a redirection, a control operator. What is not closed goes on to
 * the end.
 */
const PART = /[ \t]+|[^\s;&|()<>'"\\`$#]+|'[^']*'?|"[^"\\]*(?:\\[\s\S][^"\\]*)*"?|`[^`]*`?|\\[\s\S]?|&>>?|[<>]+[&|]?|&&|\|[|&]?|;;?/y

function textOf(part: string): string {
  switch (part[0]) {
    case "'":
      return part.slice(1, part.length > 1 && part.endsWith("'") ? -1 : undefined)
    case '"':
      return part.slice(1, part.length > 1 && part.endsWith('"') ? -1 : undefined).replace(/\\(["\\$`\n])/g, '$1')
    case '\\':
      return part.slice(1)
    default:
      return part
  }
}

/** `${…}` or `$(…)` as written, or the bare `$`. */
function expansionAt(script: string, from: number): string {
  const open = script[from + 1]
  if (open !== '(' && open !== '{') return '$'
  const close = open === '(' ? ')' : '}'
  let depth = 0
  for (let i = from + 1; i < script.length; i += 1) {
    if (script[i] === open) depth += 1
    else if (script[i] === close) depth -= 1
    if (depth === 0) return script.slice(from, i + 1)
  }
  return script.slice(from)
}
