/** Just enough of the shell's grammar to find the command that `sh -c "…"` runs, and its words. Nothing is expanded. */
import { baseName } from './words.ts'

/** They do nothing by themselves that costs memory: never "the command". */
const BUILTINS = new Set(
  ': . alias break cd continue eval exit export hash kill local read readonly return set shift source times trap true false type ulimit umask unset wait'
    .split(' ')
    .concat('[['),
)
/** What recipes do around the command they are about; it counts only where there is nothing else. */
const HOUSEKEEPING = new Set(
  '[ basename cat chmod cp date dirname echo expr grep install ln ls mkdir mv printf pwd rm rmdir sed sleep test touch tr'.split(' '),
)
/** Words before a command that are not part of it. */
const PREFIXES = new Set(['if', 'then', 'elif', 'else', 'while', 'until', 'do', '!', '{', 'time', 'exec', 'command', 'builtin', 'eval'])
/** What starts with one of these is no command up to the next separator. */
const CLAUSES = new Set(['for', 'case', 'select', 'function', 'fi', 'done', 'esac', '}', 'in'])
const ASSIGNMENT = /^[A-Za-z_]\w*\+?=/

/** The words of the command that a script is about: the first that is neither builtin nor housekeeping, else the first housekeeping one. */
export function commandOf(script: string): string[] | null {
  let fallback: string[] | null = null
  for (const words of simpleCommands(script)) {
    const command = withoutPrefix(words)
    const name = baseName(command[0] ?? '')
    if (name === '' || name.startsWith('$') || BUILTINS.has(name)) continue
    if (!HOUSEKEEPING.has(name) && !(name === 'cmake' && command[1] === '-E')) return command
    fallback ??= command
  }
  return fallback
}

/** The words of one line, as a shell would split it. */
export function wordsOf(line: string): string[] {
  for (const words of simpleCommands(line)) return words
  return []
}

function withoutPrefix(words: string[]): string[] {
  let start = 0
  while (start < words.length) {
    const word = words[start] as string
    if (CLAUSES.has(word)) return []
    if (!PREFIXES.has(word) && !ASSIGNMENT.test(word)) break
    start += 1
  }
  return start === 0 ? words : words.slice(start)
}

/** Splits at unquoted separators; redirections, comments and what follows a here-document are left out. */
function* simpleCommands(script: string): Generator<string[]> {
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
    if (part === ' ' || part === '\t') {
      endWord()
    } else if (char === '<' || char === '>') {
      if (part.startsWith('<<')) break
      if (word !== null && /^\d+$/.test(word)) word = null
      endWord()
      redirected = true
    } else if (char === '#' && word === null) {
      i = script.indexOf('\n', i)
      if (i === -1) break
    } else if (SEPARATOR.test(char)) {
      endWord()
      redirected = false
      if (words.length > 0) yield words
      words = []
    } else {
      word = (word ?? '') + textOf(part)
    }
  }
  endWord()
  if (words.length > 0) yield words
}

const SEPARATOR = /[;&|()\s]/
/** A run of characters that mean nothing to the shell, a quoted string, an escape, a redirection. What is not closed goes on to the end. */
const PART = /[^\s;&|()<>'"\\`$#]+|'[^']*'?|"[^"\\]*(?:\\[\s\S][^"\\]*)*"?|`[^`]*`?|\\[\s\S]?|[<>]+[&|]?/y

function textOf(part: string): string {
  switch (part[0]) {
    case "'":
      return part.slice(1, part.length > 1 && part.endsWith("'") ? -1 : undefined)
    case '"':
      return part.slice(1, part.length > 1 && part.endsWith('"') ? -1 : undefined).replace(/\\(["\\$`\n])/g, '$1')
    case '\\':
      return part === '\\\n' ? '' : part.slice(1)
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
