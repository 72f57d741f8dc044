// A suite that cannot fail holds nothing: for each law of a contract a part that breaks it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { brokenLaws, type Law, type Make } from '../laws.ts'

/** Spoils a sound part. */
export type Spoil<Part> = (part: Part) => Part

/** Declares that the sound part breaks no law, and that each law is broken by the part that is spoilt under its title. */
export function lawsCanFail<Part>(
  name: string,
  laws: readonly Law<Part>[],
  sound: Make<Part>,
  spoilt: Readonly<Record<string, Spoil<Part>>>,
): void {
  test(`${name}: a sound part breaks no law, and each law is broken by a part that is made for it`, async () => {
    assert.deepEqual(await brokenLaws(laws, sound), [])
    assert.deepEqual(Object.keys(spoilt).sort(), laws.map(({ title }) => title).sort())
    for (const law of laws)
      assert.deepEqual(await brokenLaws([law], async () => spoilt[law.title]!(await sound())), [law.title])
  })
}

/** Once is fine. */
export const disposesOnce = <Part extends { dispose(): Promise<void> }>(part: Part): Part => {
  let times = 0
  return {
    ...part,
    dispose: async () => {
      if (++times > 1) throw new Error('disposed already')
    },
  }
}

let drawn = 0
/** Another number each time, whatever was asked. */
export const everOther = (): number => ++drawn
