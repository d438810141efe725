import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { redact } from '../../ts/classify/redact.ts'

/** Put together here so that no scanner takes this file for a leak. */
const join = (...parts: string[]) => parts.join('')
const GITHUB = join('ghp', '_', 'a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8')
const AWS = join('AKIA', 'IOSFODNN7EXAMPLE')
const JWT = join('eyJhbGciOiJIUzI1NiJ9', '.', 'eyJzdWIiOiIxMjM0In0', '.', 'dozjgNryP4J3jVmNHl0w5N')

describe('secrets are redacted', () => {
  test.each<[string, string[], string[]]>([
    ['an option with =', ['tool', '--password=hunter2'], ['tool', '--password=***']],
    ['an option with the value as next word', ['tool', '--password', 'hunter2', 'file'], ['tool', '--password', '***', 'file']],
    ['a longer option name', ['tool', '--db-password=a b,c;d'], ['tool', '--db-password=***']],
    ['token=', ['tool', 'token=abc'], ['tool', 'token=***']],
    ['--token', ['npm', '--token', 'abc'], ['npm', '--token', '***']],
    [
      '--api-key and --apikey',
      ['x', '--api-key=a', '--apikey=b', '--api_key', 'c'],
      ['x', '--api-key=***', '--apikey=***', '--api_key', '***'],
    ],
    ['--client-secret', ['az', 'login', '--client-secret', 'abc'], ['az', 'login', '--client-secret', '***']],
    ['an environment assignment', ['env', 'GITHUB_TOKEN=abc', 'make'], ['env', 'GITHUB_TOKEN=***', 'make']],
    [
      'AWS variables',
      ['env', 'AWS_SECRET_ACCESS_KEY=abc/+', 'AWS_SESSION_TOKEN=x'],
      ['env', 'AWS_SECRET_ACCESS_KEY=***', 'AWS_SESSION_TOKEN=***'],
    ],
    ['a Java property', ['java', '-Djavax.net.ssl.keyStorePassword=changeit'], ['java', '-Djavax.net.ssl.keyStorePassword=***']],
    ['a Gradle property', ['gradle', '-Psigning.password=x', '-Ppassword=y'], ['gradle', '-Psigning.password=***', '-Ppassword=***']],
    ['a macro', ['gcc', '-DAPI_KEY="abc"', '-c', 'a.c'], ['gcc', '-DAPI_KEY=***', '-c', 'a.c']],
    [
      'a URL with user and password',
      ['git', 'clone', 'https://me:pw@example.org/x.git'],
      ['git', 'clone', 'https://***@example.org/x.git'],
    ],
    [
      'a URL with a token as user',
      ['pip', 'install', 'git+https://abc123@example.org/x'],
      ['pip', 'install', 'git+https://***@example.org/x'],
    ],
    ['a database URL', ['x', 'DATABASE_URL=postgres://u:p@db/x'], ['x', 'DATABASE_URL=postgres://***@db/x']],
    ['a query parameter', ['curl', 'https://example.org/x?access_token=abc&v=1'], ['curl', 'https://example.org/x?access_token=***&v=1']],
    ['a signed URL', ['curl', 'https://example.org/x?v=1&sig=abc%3D'], ['curl', 'https://example.org/x?v=1&sig=***']],
    ['an authorization header', ['curl', '-H', 'Authorization: Bearer abc.def'], ['curl', '-H', 'Authorization: ***']],
    ['a private header', ['curl', '--header', 'PRIVATE-TOKEN: abc'], ['curl', '--header', 'PRIVATE-TOKEN: ***']],
    ['curl -u', ['/usr/bin/curl', '-u', 'me:pw', 'https://example.org'], ['/usr/bin/curl', '-u', '***', 'https://example.org']],
    ['sshpass -p', ['sshpass', '-p', 'pw', 'ssh', 'host'], ['sshpass', '-p', '***', 'ssh', 'host']],
    ['docker login -p', ['docker', 'login', '-u', 'me', '-p', 'pw'], ['docker', 'login', '-u', 'me', '-p', '***']],
    ['openssl -passin', ['openssl', 'rsa', '-in', 'k', '-passin', 'pass:pw'], ['openssl', 'rsa', '-in', 'k', '-passin', 'pass:***']],
    ['a GitHub token anywhere', ['x', `--anything=${GITHUB}`], ['x', '--anything=***']],
    ['an AWS key id anywhere', ['x', `k:${AWS}`], ['x', 'k:***']],
    ['an AWS key id that is a word', ['x', AWS], ['x', '***']],
    ['the shortest token there is', ['x', join('xoxb', '-', 'a1b2c3d4e5')], ['x', '***']],
    ['a JSON web token', ['x', JWT], ['x', '***']],
    ['a private key', ['x', `${join('-----BEGIN RSA ', 'PRIVATE KEY-----')}\nMIIE`], ['x', '***']],
    ['inside sh -c', ['sh', '-c', 'deploy --password hunter2 && TOKEN=abc make'], ['sh', '-c', 'deploy --password *** && TOKEN=*** make']],
    ['inside --env=', ['docker', 'build', '--env=TOKEN=abc'], ['docker', 'build', '--env=TOKEN=***']],
    ['an Azure connection string', ['x', 'AccountName=a;AccountKey=abc=='], ['x', 'AccountName=a;AccountKey=***']],
  ])('%s', (_, argv, expected) => {
    expect(redact(argv)).toEqual(expected)
  })
})

describe('what is no secret stays', () => {
  test.each([
    ['gcc', '-Rpass=inline', '-fpass-plugin=x.so', '-DPWD=/w', '-c', 'token.c', '-o', 'token.o'],
    ['env', 'PWD=/w', 'OLDPWD=/v', 'make', '-j8'],
    ['tool', '--no-password', 'file', '--token-file=/run/token', '--password-file', 'x', '--bypass=1', '--compass', 'n'],
    ['cargo', 'test', 'parser::token::tests'],
    ['bison', '--token-table', 'parse.y'],
    ['git', 'clone', 'git@example.org:x.git', 'https://example.org/@scope/x'],
    ['curl', '-o', 'x', 'https://example.org/x?page=2'],
  ])('%s', (...argv) => {
    expect(redact(argv)).toEqual(argv)
  })
})

test('redaction keeps the number of words and never throws', () => {
  fc.assert(fc.property(fc.array(fc.string({ unit: 'grapheme' })), (argv) => redact(argv).length === argv.length))
})

test('a command named like a property of every object is a command', () => {
  expect(redact(['valueOf', '--token=', ''])).toEqual(['valueOf', '--token=', ''])
  expect(redact(['constructor', '-x', 'y'])).toEqual(['constructor', '-x', 'y'])
})

test('redacting twice is redacting once', () => {
  const word = fc.oneof(fc.string(), fc.constantFrom('--password', '--token=', 'a=b', 'https://a:b@c/?sig=1', 'TOKEN=x y', 'pass: x'))
  fc.assert(fc.property(fc.array(word), (argv) => void expect(redact(redact(argv))).toEqual(redact(argv))))
})
