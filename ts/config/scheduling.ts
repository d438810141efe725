import { type Findings, shown } from './check.ts'
import { parseCpuList } from './cpu-list.ts'
import { configKeys, type Values } from './schema.ts'

/** Which CPUs build and sampler are to have. */
export type Scheduling =
  | { policy: 'adaptive'; monitorCore: number }
  /** Null: not pinned. */
  | { policy: 'manual'; buildCores: number[] | null; monitoringCores: number[] | null }

type ConfigValues = Values<typeof configKeys>
const SECTION = 'monitor.scheduling.'

/** Null where nothing is to be pinned. What the file sets and the chosen policy does not use earns a warning. */
export function schedulingOf(values: ConfigValues, findings: Findings): Scheduling | null {
  const policy = values['monitor.scheduling.scheduling_policy']
  const core = values['monitor.scheduling.monitor_core']
  const buildList = values['monitor.scheduling.manual_build_cores']
  const monitoringList = values['monitor.scheduling.manual_monitoring_cores']
  const unused = (key: keyof ConfigValues & `${typeof SECTION}${string}`, user: string): void => {
    if (values[key] === configKeys[key].default) return
    findings.warning(key.split('.'), `${key} = ${shown(values[key])} has no effect: only scheduling_policy = ${user} uses it`)
  }
  if (policy !== 'adaptive') unused('monitor.scheduling.monitor_core', '"adaptive"')
  if (policy !== 'manual') {
    unused('monitor.scheduling.manual_build_cores', '"manual"')
    unused('monitor.scheduling.manual_monitoring_cores', '"manual"')
  }
  if (policy === 'off') unused('monitor.scheduling.enable_cpu_affinity', '"adaptive" or "manual"')
  if (policy === 'manual' && buildList === '' && monitoringList === '') {
    const key = 'monitor.scheduling.scheduling_policy'
    findings.warning(key.split('.'), `${key} = "manual" pins nothing: manual_build_cores and manual_monitoring_cores are empty`)
    return null
  }
  if (policy === 'off' || !values['monitor.scheduling.enable_cpu_affinity']) return null
  if (policy === 'adaptive') return { policy, monitorCore: core }
  return { policy, buildCores: coresOf(buildList), monitoringCores: coresOf(monitoringList) }
}

function coresOf(list: string): number[] | null {
  return list === '' ? null : parseCpuList(list)
}
