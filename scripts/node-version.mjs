// Imported first by what npm runs. Old syntax on purpose: a Node that is too old must get as far as the message.
var wanted = [20, 19]
var have = process.versions.node.split('.').map(Number)
if (have[0] < wanted[0] || (have[0] === wanted[0] && have[1] < wanted[1])) {
  process.stderr.write(
    'mymonitor: Node ' +
      process.versions.node +
      ' is too old, ' +
      wanted.join('.') +
      ' or newer is needed: install one from https://nodejs.org\n',
  )
  process.exit(1)
}
