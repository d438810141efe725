export { type AnalyseOptions, analyse, analyseClassified } from './analyse.ts'
export { classifyRecording } from './classes.ts'
