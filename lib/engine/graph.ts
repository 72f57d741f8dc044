// A graph of ONNX operators under construction: typed, shaped values and the nodes that make them, in order. It knows
// no operator's meaning (ops.ts does) and writes no bytes (onnx.ts does).
import type { ElementType, Tensor } from './protocol.ts'

/** One axis: a size, or the name of a size that is known only when the graph runs. */
export type Dim = number | string

/** What one operator gives and others take. */
export interface Value {
  readonly name: string
  readonly type: ElementType
  readonly shape: readonly Dim[]
}

export type Attribute =
  | { readonly int: number }
  | { readonly ints: readonly number[] }
  | { readonly float: number }
  | { readonly text: string }
  | { readonly graph: Graph }

export interface Node {
  readonly operator: string
  /** '' for ONNX's own operators, 'com.microsoft' for ONNX Runtime's. */
  readonly domain: string
  /** Names of values; '' for an optional input that is left out. */
  readonly inputs: readonly string[]
  readonly outputs: readonly Value[]
  readonly attributes: Readonly<Record<string, Attribute>>
}

/** A step of the forward pass and how gradients go back through it. */
export interface TapeEntry {
  readonly inputs: readonly Value[]
  readonly output: Value
  /** Gradient of the output → gradient of each input; undefined where none flows. Called at most once. */
  readonly backward: (gradient: Value) => readonly (Value | undefined)[]
}

export interface NodeOptions {
  attributes?: Record<string, Attribute>
  domain?: string
}

/** A graph, or the body of a Loop inside `parent`, whose values it may read. */
export class Graph {
  readonly inputs: Value[] = []
  readonly outputs: { name: string; value: Value }[] = []
  readonly nodes: Node[] = []
  readonly initializers = new Map<string, Tensor>()
  readonly tape: TapeEntry[] = []
  readonly parent: Graph | undefined
  private readonly constants = new Map<string, Value>()
  private names = 0

  constructor(parent?: Graph) {
    this.parent = parent
  }

  private get root(): Graph {
    return this.parent ? this.parent.root : this
  }

  private freshName(): string {
    return `v${this.root.names++}`
  }

  /** A value that the caller feeds. */
  input(name: string, type: ElementType, shape: readonly Dim[]): Value {
    const value = { name, type, shape }
    this.inputs.push(value)
    return value
  }

  /** Names a value as a result of the graph. */
  output(name: string, value: Value): void {
    this.outputs.push({ name, value })
  }

  /** Adds an operator with one output. A missing optional input is `undefined`. */
  node(
    operator: string,
    inputs: readonly (Value | undefined)[],
    result: { type: ElementType; shape: readonly Dim[] },
    options: NodeOptions = {},
  ): Value {
    return this.nodeOf(operator, inputs, [result], options)[0]!
  }

  /** Adds an operator with several outputs. */
  nodeOf(
    operator: string,
    inputs: readonly (Value | undefined)[],
    results: readonly { type: ElementType; shape: readonly Dim[] }[],
    { attributes = {}, domain = '' }: NodeOptions = {},
  ): Value[] {
    const outputs = results.map(({ type, shape }) => ({ name: this.freshName(), type, shape }))
    this.nodes.push({ operator, domain, inputs: inputs.map((input) => input?.name ?? ''), outputs, attributes })
    return outputs
  }

  /** Remembers how gradients flow back through `output`, and returns it. */
  record(output: Value, inputs: readonly Value[], backward: TapeEntry['backward']): Value {
    this.tape.push({ inputs, output, backward })
    return output
  }

  /** A tensor that is part of the model. Constants of a Loop body belong to the outermost graph. */
  constant(tensor: Tensor): Value {
    const { root } = this
    const value = { name: root.freshName(), type: tensor.type, shape: tensor.dims }
    root.initializers.set(value.name, tensor)
    return value
  }

  /** A number without axes; equal numbers share one constant. */
  scalar(number: number, type: ElementType = 'float32'): Value {
    return this.shared(`${type} ${number}`, () => ({ type, dims: [], data: arrayOf(type, [number]) }))
  }

  /** A list of whole numbers, as axes, shapes and sizes are given. */
  ints(list: readonly number[], type: 'int64' | 'int32' = 'int64'): Value {
    return this.shared(`${type} [${list.join()}]`, () => ({ type, dims: [list.length], data: arrayOf(type, list) }))
  }

  private shared(key: string, tensor: () => Tensor): Value {
    const { root } = this
    const value = root.constants.get(key) ?? root.constant(tensor())
    root.constants.set(key, value)
    return value
  }
}

/** Numbers as an array of an element type. */
export function arrayOf(type: ElementType, list: readonly number[]): Tensor['data'] {
  if (type === 'float32') return Float32Array.from(list)
  if (type === 'int32') return Int32Array.from(list)
  if (type === 'int64') return BigInt64Array.from(list, BigInt)
  return Uint8Array.from(list)
}

/** Size of a shape whose axes are all known. */
export function sizeOf(shape: readonly Dim[]): number {
  return shape.reduce<number>((product, dim) => {
    if (typeof dim === 'string') throw new TypeError(`Expected a shape of known sizes, got [${shape.join(', ')}]`)
    return product * dim
  }, 1)
}
