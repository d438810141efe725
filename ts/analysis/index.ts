export { type AnalyseOptions, analyse } from './analyse.ts'
export { classifyRecording } from './classes.ts'
