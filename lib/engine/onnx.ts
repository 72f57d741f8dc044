// Writes a graph as ONNX bytes (opset 17 and ONNX Runtime's own operators). Weights go inside the bytes, so a model is
// limited to protobuf's 2 GB; weights referenced in place are not covered.
import onnxProto, { type onnx as Schema } from 'onnx-proto'
import type { Attribute, Graph, Node, Value } from './graph.ts'
import type { ElementType, Tensor } from './protocol.ts'

const { onnx } = onnxProto
const { AttributeType } = onnx.AttributeProto
const { DataType } = onnx.TensorProto
const TYPES: Record<ElementType, number> = {
  float32: DataType.FLOAT,
  int32: DataType.INT32,
  int64: DataType.INT64,
  bool: DataType.BOOL,
}

/** The graph as the bytes of an ONNX model. */
export function modelBytes(graph: Graph): Uint8Array {
  const model: Schema.IModelProto = {
    irVersion: 8,
    producerName: 'asterism',
    opsetImport: [
      { domain: '', version: 17 },
      { domain: 'com.microsoft', version: 1 },
    ],
    graph: graphProto(graph, 'main'),
  }
  return onnx.ModelProto.encode(model).finish()
}

function graphProto(graph: Graph, name: string): Schema.IGraphProto {
  return {
    name,
    // A result under its own name is an Identity, which ONNX Runtime removes.
    node: [
      ...graph.nodes.map(nodeProto),
      ...graph.outputs.map(({ name, value }) => ({ opType: 'Identity', input: [value.name], output: [name] })),
    ],
    initializer: [...graph.initializers].map(([name, tensor]) => tensorProto(name, tensor)),
    input: graph.inputs.map((value) => valueInfo(value.name, value)),
    output: graph.outputs.map(({ name, value }) => valueInfo(name, value)),
  }
}

function nodeProto(node: Node): Schema.INodeProto {
  return {
    opType: node.operator,
    domain: node.domain,
    input: [...node.inputs],
    output: node.outputs.map(({ name }) => name),
    attribute: Object.entries(node.attributes).map(([name, attribute]) => ({ name, ...attributeProto(attribute) })),
  }
}

function attributeProto(attribute: Attribute): Schema.IAttributeProto {
  if ('int' in attribute) return { type: AttributeType.INT, i: attribute.int }
  if ('ints' in attribute) return { type: AttributeType.INTS, ints: [...attribute.ints] }
  if ('float' in attribute) return { type: AttributeType.FLOAT, f: attribute.float }
  if ('text' in attribute) return { type: AttributeType.STRING, s: new TextEncoder().encode(attribute.text) }
  return { type: AttributeType.GRAPH, g: graphProto(attribute.graph, 'body') }
}

function tensorProto(name: string, { type, dims, data }: Tensor): Schema.ITensorProto {
  const rawData = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  return { name, dataType: TYPES[type], dims: [...dims], rawData }
}

function valueInfo(name: string, { type, shape }: Value): Schema.IValueInfoProto {
  const dim = shape.map((size) => (typeof size === 'string' ? { dimParam: size } : { dimValue: size }))
  return { name, type: { tensorType: { elemType: TYPES[type], shape: { dim } } } }
}
