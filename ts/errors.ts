/** Every failure that a caller can handle. The message says what failed, the value seen, what would be right, the next step. */
export type ErrorCode =
  /** Recording needs Linux and a native binary for this platform. */
  | 'ERR_MYMONITOR_UNSUPPORTED'
  /** The build's command does not exist (127), cannot be executed (126), or its directory cannot be entered (125). */
  | 'ERR_MYMONITOR_COMMAND_NOT_FOUND'
  | 'ERR_MYMONITOR_COMMAND_NOT_EXECUTABLE'
  | 'ERR_MYMONITOR_START_FAILED'
  /** An option, argument or configuration value is not usable. */
  | 'ERR_MYMONITOR_USAGE'
  | 'ERR_MYMONITOR_CONFIG'
  /** The output directory cannot be made or written. */
  | 'ERR_MYMONITOR_OUTPUT'
  | 'ERR_MYMONITOR_NOT_A_RECORDING'
  | 'ERR_MYMONITOR_DAMAGED'
  /** The recording has journals and no tables: mymonitor died, or still records. */
  | 'ERR_MYMONITOR_UNFINISHED'
  /** Nothing can be recovered while mymonitor or the build is still at it. */
  | 'ERR_MYMONITOR_BUSY'
  | 'ERR_MYMONITOR_NEWER_FORMAT'
  /** A file to convert is JSON, but no table. */
  | 'ERR_MYMONITOR_NOT_A_TABLE'
  /** The caller's AbortSignal fired before the build could start. */
  | 'ERR_MYMONITOR_ABORTED'
  /** Our defect. */
  | 'ERR_MYMONITOR_INTERNAL'

export class MyMonitorError extends Error {
  override readonly name = 'MyMonitorError'
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
