/** One [[rules]] entry; conf/rules.toml describes the fields. */
export interface Rule {
  /** `<minor category>:<priority>`, for people. */
  id: string
  priority: number
  major: string
  minor: string
  field: 'current_cmd_name' | 'current_cmd_full'
  type: 'exact' | 'contains' | 'regex' | 'in_list'
  /** At least one; any may match. */
  patterns: readonly string[]
  allArgs: readonly string[]
  anyArgs: readonly string[]
  noneArgs: readonly string[]
  fullRegex: string | null
  examples: readonly string[]
}
