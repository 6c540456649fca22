/** Characters beyond ASCII beside the ASCII ones that they are drawn like, in pairs. Letters first, then signs. */
const LETTERS =
  'аa еe оo рp сc уy хx іi јj ѕs һh ԁd ԛq ԝw ӏl кk АA ВB ЕE КK МM НH ОO РP СC ТT УY ХX ІI ЈJ ЅS ҮY ԚQ ԜW ӀI ҺH ԌG ' +
  'οo νv αa ρp ιi κk υu γy χx ϲc ϳj ΑA ΒB ΕE ΖZ ΗH ΙI ΚK ΜM ΝN ΟO ΡP ΤT ΥY ΧX ϹC ' +
  'ıi ɑa ɡg ɩi ʏy ᴄc ᴏo ᴠv ᴡw ᴢz ꜱs ѵv օo սu ոn հh ցg զq ՏS ՕO ԼL ' +
  'ᎪA ᏴB ᏟC ᎠD ᎬE ᏀG ᎻH ᎫJ ᏦK ᏞL ᎷM ᏢP ᎡR ᏚS ᎢT ᏙV ᎳW ᏃZ ꓐB ꓚC ꓓD ꓰE ꓝF ꓖG ꓧH ꓲI ꓙJ ꓗK ꓡL ꓟM ꓠN ꓳO ꓑP ꓣR ꓢS ꓔT ꓴU ꓦV ꓪW ꓫX ꓬY ꓜZ'
const SIGNS =
  "‘' ’' ‛' ʼ' ʹ' ʻ' ′' ‵' ꞌ' “\" ”\" „\" ″\" ʺ\" ˝\" ‚, ، , ‐- ‑- ‒- –- —- ―- −- ˗- ➖- ∗* ⁎* ٭* ⁄/ ∕/ ╱/ ⧸/ ։: ꞉: ∶: ː: ǃ! ‹< ›> ꓸ. ․. ⧵\\ ∖\\ ∣| ǀ| ❘| ˋ` ‗_ ᐸ< ᐳ> ⩵= ᐀= ❨( ❩) ⁏; ٪% ＃# ∼~"

function pairs(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split(' ').flatMap((pair) => {
      const [char, ascii] = Array.from(pair)
      return char === undefined || ascii === undefined ? [] : [[char, ascii] as const]
    }),
  )
}

const LIKE_LETTERS = pairs(LETTERS)
const LIKE_SIGNS = pairs(SIGNS)

/** The ASCII letter a letter of another script is drawn like; null: none. */
export function letterLookedLike(char: string): string | null {
  return LIKE_LETTERS.get(char) ?? null
}

/** The ASCII character a sign or a compatibility form (full width, mathematical …) is drawn like; null: none. */
export function signLookedLike(char: string): string | null {
  const like = LIKE_SIGNS.get(char)
  if (like !== undefined) return like
  const plain = char.normalize('NFKC')
  return plain.length === 1 && plain !== char && /[!-~]/.test(plain) ? plain : null
}
