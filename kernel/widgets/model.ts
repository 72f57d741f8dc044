// One widget model on the page, as ipywidgets has it: a comm for target jupyter.widget, protocol 2.1. Holds the state,
// sends what changes, echoes what the page changes, and answers a page that asks for the state of all models.

import { type Path, putBuffers, type State, takeBuffers } from './buffers.ts'
import { acceptComms, type CommMessage, openComm } from './comm.ts'

/** Version of the messages between a model and the page. */
const PROTOCOL = '2.1.0'
const BASE = '@jupyter-widgets/base'
const CONTROLS = '@jupyter-widgets/controls'
/** Version of both modules' models; the packages that implement it are base 6 and controls 5. */
const MODELS = '2.0.0'

/** An open model. */
export interface Model {
  readonly id: string
  /** How other models name it. */
  readonly reference: string
  set(changes: State): void
  close(): void
}

export interface ModelOptions {
  /** The page changed something. */
  onChange?: (changes: State) => unknown
  /** The page sent a message of the widget's own, such as a click. */
  onCustom?: (content: State) => unknown
}

const models = new Map<string, { state: State }>()

/** `Layout` and the styles have views of base; everything else is of controls. */
function modelState(name: string, fields: State): State {
  const module = name === 'Layout' ? BASE : CONTROLS
  const view = name.endsWith('Style') ? 'StyleView' : `${name.replace(/^Bounded/, '')}View`
  return {
    _model_module: module,
    _model_module_version: MODELS,
    _model_name: `${name}Model`,
    _view_module: name.endsWith('Style') ? BASE : module,
    _view_module_version: MODELS,
    _view_name: view,
    ...fields,
  }
}

/** Opens a model. `name`: as ipywidgets calls its class, `FloatSlider`. */
export function openModel(name: string, fields: State, { onChange, onCustom }: ModelOptions = {}): Model {
  const entry = { state: modelState(name, fields) }
  const { state, paths, buffers } = takeBuffers(entry.state)
  const comm = openComm('jupyter.widget', { state, buffer_paths: paths }, { metadata: { version: PROTOCOL }, buffers })
  models.set(comm.id, entry)

  const send = (method: 'update' | 'echo_update', changes: State): void => {
    const taken = takeBuffers(changes)
    comm.send({ method, state: taken.state, buffer_paths: taken.paths }, { buffers: taken.buffers })
  }
  const hear = async ({ data, buffers: bytes }: CommMessage): Promise<void> => {
    if (data.method === 'request_state') send('update', entry.state)
    else if (data.method === 'custom') await onCustom?.((data.content ?? {}) as State)
    else if (data.method === 'update') {
      const changes = (data.state ?? {}) as State
      putBuffers(changes, (data.buffer_paths ?? []) as Path[], bytes)
      // The page ignores its own later changes until it has seen this one come back.
      send('echo_update', changes)
      Object.assign(entry.state, changes)
      await onChange?.(changes)
    }
  }
  comm.onMessage(hear)
  comm.onClose(() => models.delete(comm.id))
  return {
    id: comm.id,
    reference: `IPY_MODEL_${comm.id}`,
    set(changes) {
      Object.assign(entry.state, changes)
      send('update', changes)
    },
    close() {
      models.delete(comm.id)
      comm.close()
    },
  }
}

// A page that opens asks once for everything.
acceptComms('jupyter.widget.control', (comm) => {
  comm.onMessage(({ data }) => {
    if (data.method !== 'request_states') return
    const all = [...models].map(([id, { state }]) => {
      const { _model_name: model_name, _model_module: model_module, _model_module_version: version } = state
      return [id, { model_name, model_module, model_module_version: version, state }]
    })
    const { state: states, paths, buffers } = takeBuffers(Object.fromEntries(all) as State)
    comm.send({ method: 'update_states', states, buffer_paths: paths }, { buffers })
  })
})
