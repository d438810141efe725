/**
 * Secrets in command lines, replaced before anything is shown or exported. It errs on the side of redacting a harmless value: a name that ends in
 * a word such as `token` or `password` loses its value, whatever it is. The recording itself keeps what the kernel showed.
 */
const REDACTED = '***'

/** Last part of a name that makes its value a secret. */
const SECRET =
  '(?:pass(?:word|wd|phrase|code)?|pwd|secret|token|credentials?|bearer|(?:api|access|secret|private|signing|account|auth|encryption)[-_.]?key(?:[-_.]?id)?)'
const SECRET_NAME = new RegExp(`(?:^|[-_.])${SECRET}$`, 'i')
/** name=value and name: value, as a word or inside a longer one such as the string of `sh -c` or the query of a URL. */
const NAMED_VALUE = new RegExp(`(?<![\\w.-])(-{0,2}[\\w.-]*${SECRET})(["']?(?:=|:(?!:)\\s*))("[^"]*"|'[^']*'|[^\\s"'&;,]+)`, 'gi')
/** --name value inside a longer word. */
const NAMED_OPTION = new RegExp(`(?<![\\w.-])(--?[\\w.-]*${SECRET})(\\s+)("[^"]*"|'[^']*'|[^\\s"'&;|-][^\\s"'&;|]*)`, 'gi')
const URL_CREDENTIALS = /\b([a-z][a-z0-9+.-]*:\/\/)[^/\s@'"]+@/gi
const URL_SIGNATURE = /([?&](?:sig|signature|x-amz-signature|x-amz-security-token|x-goog-signature|auth|key|code)=)[^&\s'"]+/gi
const AUTHORIZATION = /\b((?:proxy-)?authorization\s*[:=]\s*)(?:\w+\s+)?[^\s'"]+/gi

/** Tokens that give themselves away by their form. */
const KNOWN_TOKENS = new RegExp(
  [
    String.raw`\b(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}\b`, // AWS access key id
    String.raw`\bgh[pousr]_[A-Za-z0-9]{20,}`, // GitHub
    String.raw`\bgithub_pat_\w{20,}`,
    String.raw`\bgl(?:pat|cbt|ptt|rt|dt)-[\w-]{16,}`, // GitLab
    String.raw`\bxox[abeoprs]-[\w-]{10,}`, // Slack
    String.raw`\bAIza[\w-]{35}`, // Google API key
    String.raw`\bya29\.[\w-]{20,}`, // Google OAuth
    String.raw`\bnpm_[A-Za-z0-9]{30,}`,
    String.raw`\bpypi-[\w-]{16,}`,
    String.raw`\bdckr_pat_[\w-]{16,}`,
    String.raw`\bhf_[A-Za-z0-9]{30,}`,
    String.raw`\b[rs]k_(?:live|test)_\w{16,}`, // Stripe
    String.raw`\bsk-[\w-]{32,}`,
    String.raw`\bSG\.[\w-]{16,}\.[\w-]{16,}`, // SendGrid
    String.raw`\bcio[A-Za-z0-9]{32}\b`, // crates.io
    String.raw`\bhvs\.[\w-]{20,}`, // Vault
    String.raw`\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*`, // JSON web token
    String.raw`-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*`,
  ].join('|'),
  'g',
)

/** Options of single commands that take a secret as the next word and have no name that says so. */
const BY_COMMAND: ReadonlyMap<string, RegExp> = new Map([
  ['sshpass', /^-p$/],
  ['curl', /^(?:-u|--user|--proxy-user|-U|--oauth2-bearer)$/],
  ['wget', /^(?:--http-password|--ftp-password)$/],
  ['docker', /^-p$/],
  ['podman', /^-p$/],
  ['twine', /^-p$/],
])

/** The same words with every secret replaced by `***`; their number and order stay. */
export function redact(argv: readonly string[]): string[] {
  const command = argv[0] ?? ''
  const own = BY_COMMAND.get(command.slice(command.lastIndexOf('/') + 1))
  return argv.map((word, i) => {
    const before = argv[i - 1] ?? ''
    const valueOfSecret = before.startsWith('-') && (isSecret(before) || own?.test(before))
    return valueOfSecret && !word.startsWith('-') ? REDACTED : redactWord(word)
  })
}

/** No token is shorter, and everything else that is looked for has one of these characters. */
const SHORTEST_TOKEN = 15
const MARK = /[=:\s]/

function redactWord(word: string): string {
  if (word.length < SHORTEST_TOKEN && !MARK.test(word)) return word
  const whole = /^(-{0,2}[\w.-]+=)[\s\S]/.exec(word)?.[1]
  if (whole !== undefined && isSecret(whole.slice(0, -1))) return whole + REDACTED
  const named = (match: string, name: string, mark: string) => (isSecret(name) ? `${name}${mark}${REDACTED}` : match)
  return word
    .replace(KNOWN_TOKENS, REDACTED)
    .replace(URL_CREDENTIALS, `$1${REDACTED}@`)
    .replace(AUTHORIZATION, `$1${REDACTED}`)
    .replace(URL_SIGNATURE, `$1${REDACTED}`)
    .replace(NAMED_VALUE, named)
    .replace(NAMED_OPTION, named)
}

/** --db-password, -Dsonar.token, keyStorePassword, AWS_SECRET_ACCESS_KEY; not PWD, --no-password, -Rpass, --bypass. */
function isSecret(option: string): boolean {
  const name = option.replace(/^-[DPX](?=[A-Za-z])|^-+/, '')
  if (/^(?:old)?pwd$|^no-/i.test(name)) return false
  return SECRET_NAME.test(name.replace(/([a-z0-9])([A-Z])/g, '$1_$2'))
}
