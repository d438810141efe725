import { MyMonitorError } from '../errors.ts'

/**
 * argv of a level with a setup: setup, the mark of its end for the launcher, build, in one shell, so that functions and variables of the setup are there for
 * the build. The texts are arguments, so nothing in them needs quoting, and are shifted away, because a file that the setup sources
 * (`. oe-init-build-env`) would take them for its own arguments.
 */
export function phasedCommand(shell: string, setup: string, build: string): string[] {
  return [shell, '-c', `${AFTER_SETUP}\nkill -USR1 "$PPID"\neval "$mymonitor_text"`, 'mymonitor', setup, build]
}

/** argv of a clean command: it may need the environment that the setup makes. */
export function cleanCommand(shell: string, setup: string, text: string): string[] {
  return setup.trim() === '' ? [shell, '-c', text] : [shell, '-c', `${AFTER_SETUP}\neval "$mymonitor_text"`, 'mymonitor', setup, text]
}

/** `eval … || exit` would switch off a `set -e` inside the setup. */
const AFTER_SETUP = 'mymonitor_setup=$1 mymonitor_text=$2\nshift 2\neval "$mymonitor_setup"\n(exit $?) || exit'

/** `~`, `~/…`, `$NAME` and `${NAME}`, as a shell would; a variable that is not set is an error, never an empty path. `what` begins the message. */
export function expandPath(text: string, env: Readonly<Record<string, string | undefined>>, what: string): string {
  const variable = (name: string): string => {
    const value = env[name]
    if (value) return value
    throw new MyMonitorError('ERR_MYMONITOR_CONFIG', `${what} is "${text}", but ${name} is not set in the environment`)
  }
  return text
    .replace(/^~(?=\/|$)/, () => variable('HOME'))
    .replace(/\$(?:\{(\w+)\}|([A-Za-z_]\w*))/g, (_, braced?: string, bare?: string) => variable(braced ?? bare ?? ''))
}
