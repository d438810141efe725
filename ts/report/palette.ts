/** CSS colours of one category in both schemes. */
export interface Color {
  light: string
  dark: string
}
/** The colour of a major category, or of one of its minors. */
export type Palette = (major: string, minor: string | null) => Color

interface Tone {
  hue: number
  chroma: number
  lightness: number
}

/**
 * Hues of the shipped categories, chosen so that the ones that meet in a build (compile, link, build system, scripts) differ in lightness as well as in hue
 * and stay apart for colour-blind readers.
 */
const KNOWN: ReadonlyMap<string, Tone> = new Map(
  Object.entries({
    CPP_COMPILE: { hue: 255, chroma: 0.145, lightness: 0.58 },
    CPP_LINK: { hue: 55, chroma: 0.155, lightness: 0.73 },
    BuildSystem: { hue: 300, chroma: 0.15, lightness: 0.5 },
    Scripting: { hue: 152, chroma: 0.13, lightness: 0.63 },
    Rust_Compile: { hue: 28, chroma: 0.165, lightness: 0.58 },
    Java_Compile: { hue: 350, chroma: 0.15, lightness: 0.65 },
    Go_Compile: { hue: 215, chroma: 0.11, lightness: 0.71 },
    Go_Link: { hue: 80, chroma: 0.115, lightness: 0.6 },
    OSUtilities: { hue: 185, chroma: 0.09, lightness: 0.75 },
    DevelopmentTools: { hue: 98, chroma: 0.14, lightness: 0.82 },
    Testing: { hue: 128, chroma: 0.15, lightness: 0.74 },
    Other: { hue: 260, chroma: 0.012, lightness: 0.66 },
  }),
)
/** For categories of a user's own rules: darker or paler than all the shipped ones, as the hues between those are taken. */
const SPARE: readonly Tone[] = [
  { hue: 275, chroma: 0.11, lightness: 0.42 },
  { hue: 325, chroma: 0.09, lightness: 0.8 },
  { hue: 10, chroma: 0.09, lightness: 0.45 },
  { hue: 160, chroma: 0.07, lightness: 0.42 },
  { hue: 240, chroma: 0.07, lightness: 0.82 },
  { hue: 115, chroma: 0.08, lightness: 0.47 },
  { hue: 60, chroma: 0.06, lightness: 0.83 },
  { hue: 320, chroma: 0.12, lightness: 0.43 },
]
// The steps of hue stay below half the distance to the next category's.
const SHADE_LIGHTNESS = [0, -0.12, 0.13, 0.06]
const SHADE_HUES = [0, 9, -9, 18, -18]
const SHADES = SHADE_LIGHTNESS.length * SHADE_HUES.length

/**
 * Colours follow from names, not from ranks: the same category has the same colour in every view and every report. Only two names that would fall on one slot
 * are moved apart, in alphabetical order.
 */
export function createPalette(categories: readonly { name: string; minors: readonly { name: string }[] }[]): Palette {
  const unknown = slots(
    categories.map((major) => major.name).filter((name) => !KNOWN.has(name)),
    SPARE.length,
  )
  const tones = new Map(categories.map(({ name }) => [name, KNOWN.get(name) ?? SPARE[unknown.get(name) ?? 0] ?? GRAY]))
  const shades = new Map(
    categories.map(({ name, minors }) => [
      name,
      slots(
        minors.map((minor) => minor.name),
        SHADES,
      ),
    ]),
  )
  return (major, minor) => {
    const tone = tones.get(major) ?? KNOWN.get(major) ?? GRAY
    if (minor === null) return color(tone)
    return color(shade(tone, shades.get(major)?.get(minor) ?? 0))
  }
}

const GRAY: Tone = { hue: 260, chroma: 0.012, lightness: 0.66 }

/** Twenty relatives of a tone: five hues around it by four lightnesses. A gray has no hue to vary, so its relatives are faint colours of the whole circle. */
function shade(tone: Tone, slot: number): Tone {
  const lightness = tone.lightness + (SHADE_LIGHTNESS[slot % 4] ?? 0)
  if (tone.chroma < 0.05) return { hue: (slot * 137.5) % 360, chroma: 0.045, lightness }
  return { hue: tone.hue + (SHADE_HUES[Math.floor(slot / 4)] ?? 0), chroma: tone.chroma * 0.9, lightness }
}

function color({ hue, chroma, lightness }: Tone): Color {
  const at = (level: number) => `oklch(${level.toFixed(3)} ${chroma.toFixed(3)} ${((hue + 360) % 360).toFixed(1)})`
  return { light: at(lightness), dark: at(Math.min(0.85, Math.max(0.54, lightness + 0.06))) }
}

/** name → slot by hash, the next free one if it is taken. */
function slots(names: readonly string[], count: number): Map<string, number> {
  const taken = new Map<string, number>()
  const used = new Set<number>()
  for (const name of [...names].sort()) {
    let slot = hash(name) % count
    if (used.size < count) while (used.has(slot)) slot = (slot + 1) % count
    used.add(slot)
    taken.set(name, slot)
  }
  return taken
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (let index = 0; index < text.length; index += 1) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193)
  return value >>> 0
}
