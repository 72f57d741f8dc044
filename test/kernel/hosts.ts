// The ways to reach a kernel, for the tests that must hold for each: a process of its own over ZeroMQ, and one inside
// this process.

import type { Typecheck } from '../../kernel/cell/typecheck.ts'
import { startKernel } from '../../kernel/core.ts'
import { startKernelProcess } from '../../kernel/notebook/kernel-process.ts'
import { type Client, createClient } from '../../kernel/protocol/client.ts'
import { inProcess } from '../../kernel/protocol/in-process.ts'
import { linkZeromq } from '../../kernel/protocol/zeromq-link.ts'

export interface Host {
  readonly client: Client
  /** A second client of the same kernel. */
  join(): Promise<Client>
  /** Resolves when the kernel has ended. */
  readonly ended: Promise<unknown>
  dispose(): Promise<void>
}

export interface Place {
  cwd: string
  notebook: string
  typecheck: Typecheck
  env: Record<string, string>
}

export async function zeromqHost(place: Place): Promise<Host> {
  const kernel = await startKernelProcess(place)
  const { client, exited, dispose } = kernel
  return { client, join: () => createClient(linkZeromq(kernel.connection)), ended: exited, dispose }
}

export async function inProcessHost({ env: _, ...place }: Place): Promise<Host> {
  const wires = inProcess()
  const kernel = startKernel(wires.transport, { ...place, historyFolder: null })
  const client = await createClient(wires.connect())
  return { client, join: () => createClient(wires.connect()), ended: kernel.closed, dispose: kernel.dispose }
}
