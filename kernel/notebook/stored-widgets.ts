// The state of widgets inside a stored notebook, so that a page draws them without a kernel. Their ids are numbers in the
// order of opening, so that two runs that agree give the same bytes. Bytes in a state are not stored: no control has any.

import type { State } from '../widgets/buffers.ts'
import type { Notebook } from './notebook.ts'

/** Follows the comm messages that a kernel publishes. */
export interface WidgetStates {
  add(type: string, content: Record<string, unknown>): void
  /** Puts the states, as they are now, into the notebook's metadata, and their new ids into its outputs. */
  store(notebook: Notebook): void
}

export function createWidgetStates(): WidgetStates {
  const states = new Map<string, State>()
  return {
    add(type, { comm_id: id, target_name: target, data }) {
      const { state, method } = (data ?? {}) as { state?: State; method?: string }
      if (type === 'comm_open' && target === 'jupyter.widget') states.set(String(id), { ...state })
      else if (type === 'comm_msg' && method === 'update') Object.assign(states.get(String(id)) ?? {}, state)
      else if (type === 'comm_close') states.delete(String(id))
    },
    store(notebook) {
      delete notebook.metadata.widgets // of an earlier run
      if (states.size === 0) return
      const ids = new Map([...states.keys()].map((id, i) => [id, `widget-${i + 1}`]))
      const renamed = <T>(value: T): T =>
        JSON.parse(JSON.stringify(value).replace(/[0-9a-f]{8}(-[0-9a-f]{4,12}){4}/g, (id) => ids.get(id) ?? id)) as T
      for (const cell of notebook.cells) {
        if (JSON.stringify(cell.outputs ?? []).includes(VIEW)) cell.outputs = renamed(cell.outputs)
      }
      const models = [...states].map(([id, state]) => {
        const { _model_name: model_name, _model_module: model_module, _model_module_version: version } = state
        return [id, { model_name, model_module, model_module_version: version, state }]
      })
      const state = Object.fromEntries(models.map(([id, model]) => [ids.get(id as string), renamed(model)]))
      notebook.metadata.widgets = { [STATE]: { version_major: 2, version_minor: 0, state } }
    },
  }
}

const VIEW = 'application/vnd.jupyter.widget-view+json'
const STATE = 'application/vnd.jupyter.widget-state+json'
