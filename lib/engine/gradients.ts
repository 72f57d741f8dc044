// Reverse-mode differentiation: walks the tape of a graph backwards from a loss and adds the nodes of its gradients.
import type { Graph, Value } from './graph.ts'

/**
 * The gradient of `loss` (a number without axes) with respect to each value of `sources`, in order.
 * Errors: a source on which the loss does not depend.
 */
export function gradients(g: Graph, loss: Value, sources: readonly Value[]): Value[] {
  const found = new Map<string, Value>([[loss.name, g.scalar(1)]])
  // Walking back adds nodes of its own, some of them recorded; only what led to the loss is walked.
  for (const { inputs, output, backward } of [...g.tape].reverse()) {
    const gradient = found.get(output.name)
    if (!gradient) continue
    const incoming = backward(gradient)
    inputs.forEach((input, i) => {
      const more = incoming[i]
      if (!more) return
      const sofar = found.get(input.name)
      found.set(input.name, sofar ? g.node('Add', [sofar, more], { type: input.type, shape: input.shape }) : more)
    })
  }
  return sources.map((source) => {
    const gradient = found.get(source.name)
    if (!gradient) throw new Error(`Expected the loss to depend on ${source.name}, but no gradient reaches it`)
    return gradient
  })
}
