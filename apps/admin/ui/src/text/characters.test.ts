import { assert, property, string } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { oddSummary, piecesOf } from './characters.ts'

const odd = (text: string): readonly string[] =>
  piecesOf(text).flatMap((piece) => (piece.kind === 'plain' ? [] : [`${piece.kind} ${piece.label}`]))

describe('What a reader would not see, or take for something else, is named', () => {
  test('put together, the pieces are the text, whatever it holds', () => {
    assert(
      property(string({ unit: 'binary' }), (text) => {
        expect(
          piecesOf(text)
            .map((piece) => piece.text)
            .join(''),
        ).toBe(text)
      }),
    )
  })

  test('nothing that is not printed stays in a plain piece', () => {
    assert(
      property(string({ unit: 'binary', minLength: 1 }), (text) => {
        for (const piece of piecesOf(text)) {
          if (piece.kind === 'plain')
            expect(piece.text.replaceAll('\r\n', '')).not.toMatch(
              /(?![\n\t])\p{Cc}|\p{Cf}|\p{Co}|\p{Cn}|\p{Default_Ignorable_Code_Point}|\p{Zl}|\p{Zp}|(?! )\p{Zs}/u,
            )
        }
      }),
    )
  })

  test('ordinary SQL and ordinary words of any language have none', () => {
    expect(
      odd("UPDATE orders\n\tSET note = 'naïve, Łódź, Москва, Αθήνα, 東京, مرحبا, नमस्ते' WHERE id = 1;\r\n"),
    ).toEqual([])
  })

  test('bidirectional controls', () => {
    expect(odd("'user\u202e\u2066'")).toEqual(['bidirectional RLO', 'bidirectional LRI'])
    expect(odd('a\u200eb\u061c')).toEqual(['bidirectional LRM', 'bidirectional ALM'])
  })

  test.each([
    ['\u200b', 'ZWSP'],
    ['\u2060', 'WJ'],
    ['\ufeff', 'BOM'],
    ['\u00ad', 'SHY'],
    ['\u00a0', 'NBSP'],
    ['\u3164', 'U+3164'],
    ['\u2800', 'U+2800'],
    ['\u{e0041}', 'U+E0041'],
    ['\ufe0f', 'U+FE0F'],
    ['\u2028', 'LS'],
  ])('invisible %j is %s', (char, label) => {
    expect(odd(`a${char}b`)).toEqual([`invisible ${label}`])
  })

  test('control characters, and a carriage return that ends no line', () => {
    expect(odd('-- harmless\rDROP TABLE t\u0000\u001b')).toEqual(['control CR', 'control NUL', 'control ESC'])
  })

  test('letters of another script in a Latin word, or in a word of nothing but look-alikes', () => {
    expect(odd('sаlary')).toEqual(['look_alike а'])
    expect(odd('оrders')).toEqual(['look_alike о'])
    expect(odd('сору')).toEqual(['look_alike с', 'look_alike о', 'look_alike р', 'look_alike у'])
    expect(piecesOf('sаlary')[1]).toMatchObject({ tells: 'looks like a, but is U+0430' })
  })

  test('full-width and mathematical forms, and signs that look like SQL’s', () => {
    expect(odd('ＳＥＬ')).toEqual(['look_alike Ｓ', 'look_alike Ｅ', 'look_alike Ｌ'])
    expect(odd('𝐚')).toEqual(['look_alike 𝐚'])
    expect(odd('‘x’ ； –')).toEqual(['look_alike ‘', 'look_alike ’', 'look_alike ；', 'look_alike –'])
  })

  test('marks drawn over what stands before them', () => {
    expect(odd('=\u0338 1')).toEqual(['combining U+0338'])
  })

  test('unassigned, private and broken characters', () => {
    expect(odd('\u{e000}\u{10ffff}\ud800')).toEqual(['unknown U+E000', 'unknown U+10FFFF', 'unknown U+D800'])
  })

  test('are counted in words', () => {
    expect(oddSummary('sаlаry\u202e')).toBe('2 look-alike characters, 1 bidirectional control')
    expect(oddSummary('salary')).toBe('')
  })
})
