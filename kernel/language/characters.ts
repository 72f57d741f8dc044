// Positions: the protocol counts Unicode characters, TypeScript counts UTF-16 units.

/** UTF-16 offset of a position in characters. Example: in '𝔸b' character 1 is at offset 2. */
export function offsetOf(text: string, characters: number): number {
  let offset = 0
  for (let i = 0; i < characters && offset < text.length; i++) {
    offset += (text.codePointAt(offset) as number) > 0xffff ? 2 : 1
  }
  return offset
}

/** Position in characters of a UTF-16 offset. */
export const charactersBefore = (text: string, offset: number): number => [...text.slice(0, offset)].length

/** The identifier that ends at an offset; empty where there is none. */
export const wordBefore = (text: string, offset: number): string =>
  /[\p{ID_Continue}$]*$/u.exec(text.slice(0, offset))?.[0] ?? ''

/** The identifier around an offset; empty where there is none. */
export const wordAround = (text: string, offset: number): string =>
  wordBefore(text, offset) + (/^[\p{ID_Continue}$]*/u.exec(text.slice(offset))?.[0] ?? '')
