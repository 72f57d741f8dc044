// The answer of a solution, as its final step printed it. Whether it is right is a grader's to say (grader.ts).

/**
 * The last line that is not empty of what the final step printed, blanks around it cut; null when it printed none.
 * @example
 * parseAnswer('x = 3\n 12 \n\n') // '12'
 */
export function parseAnswer(stdout: string): string | null {
  const lines = stdout.split('\n')
  for (let i = lines.length - 1; i >= 0; i--) {
    const line = lines[i]!.trim()
    if (line !== '') return line
  }
  return null
}
