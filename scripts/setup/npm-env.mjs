/**
 * The environment that npm itself was started with, or null when our parent is not npm.
 *
 * npm changes more than its npm_ variables (PATH, NODE, COLOR, EDITOR, PWD), the shell between drops names it cannot spell (exported
 * functions), and both differ by version. The kernel keeps what npm was executed with, so nothing has to be guessed.
 *
 * @param {Record<string, string | undefined>} env ours
 * @param {string} parentCmdline content of /proc/PPID/cmdline
 * @param {string} parentEnviron content of /proc/PPID/environ
 * @returns {Map<string, string> | null}
 */
export function callersEnvironment(env, parentCmdline, parentEnviron) {
  const parentIsNpm = env.npm_execpath !== undefined && (/^npm(\s|\0|$)/.test(parentCmdline) || parentCmdline.includes(env.npm_execpath))
  if (!parentIsNpm || parentEnviron === '') return null
  const pairs = parentEnviron.split('\0').filter((pair) => pair.indexOf('=') > 0)
  return new Map(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]))
}
