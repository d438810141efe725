import type { Trust } from '../analysis/contract.ts'

/** The same words in every report: 362 of 362 processes recorded (113 sampled, 362 with exit record), 365 images. */
export function coverageText({ images, sampledProcesses, exitRecords, lostProcesses, attributedCpuUs, ...trust }: Trust): string {
  const lost = lostProcesses === 0 ? '' : `, ${number(lostProcesses)} lost`
  const exits = attributedCpuUs === null ? '' : `, ${number(exitRecords)} with exit record${lost}`
  const unknown = trust.existedProcesses === null ? '; how many existed is not known' : ''
  return `${recordedText(trust)} recorded (${number(sampledProcesses)} sampled${exits}), ${count(images, 'image')}${unknown}`
}

type Recorded = Pick<Trust, 'processes' | 'existedProcesses' | 'unrecordedProcesses' | 'eventOverflows'>

function recordedText({ processes, existedProcesses, unrecordedProcesses, eventOverflows }: Recorded): string {
  if (existedProcesses === null) return count(processes, 'process', 'processes')
  const atLeast = eventOverflows > 0 ? 'at least ' : ''
  return `${number(existedProcesses - (unrecordedProcesses ?? 0))} of ${atLeast}${count(existedProcesses, 'process', 'processes')}`
}

function count(value: number, one: string, many = `${one}s`): string {
  return `${number(value)} ${value === 1 ? one : many}`
}

function number(value: number): string {
  return value.toLocaleString('en')
}
