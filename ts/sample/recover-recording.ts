import { join } from 'node:path'
import { MyMonitorError } from '../errors.ts'
import { fromNative, loadRecorder, type Recovered, type SessionOptions } from '../native.ts'
import { readMetadata } from '../recording/metadata.ts'
import { openRecording, type Recording } from '../recording/recording.ts'
import { METADATA_FILE, recoveredMetadata, saveMetadata } from '../run/level-metadata.ts'

/**
 * Makes the tables of a recording whose mymonitor died from its journals, and says so in its metadata. Throws ERR_MYMONITOR_BUSY while mymonitor or the
 * build is still at it, ERR_MYMONITOR_DAMAGED where there is no journal to read.
 */
export function recoverRecording(recordingDir: string, compression: SessionOptions['compression']): Recovered {
  const metadata = readMetadata(join(recordingDir, METADATA_FILE))
  let recovered: Recovered
  try {
    recovered = loadRecorder().recover(recordingDir, compression)
  } catch (error) {
    throw fromNative(error)
  }
  saveMetadata(recordingDir, recoveredMetadata(metadata, recovered))
  return recovered
}

/** Opens a recording; one that was left unfinished is recovered first. */
export function openOrRecover(recordingDir: string, compression: SessionOptions['compression']): Recording {
  try {
    return openRecording(recordingDir)
  } catch (error) {
    if (!isUnfinished(error)) throw error
    recoverRecording(recordingDir, compression)
    return openRecording(recordingDir)
  }
}

export function isUnfinished(error: unknown): boolean {
  return error instanceof MyMonitorError && error.code === 'ERR_MYMONITOR_UNFINISHED'
}
