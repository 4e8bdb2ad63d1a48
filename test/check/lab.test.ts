// What an exchange leaves on the server: nothing.
import { expect, it } from 'vitest'
import { Lab, type Target } from '../../src/check/lab.js'
import { embedded } from './rig.js'

async function used(target: Target, version: 3 | 4 | 5): Promise<{ lab: Lab; clientId: string }> {
  const lab = new Lab(target, version, 'used')
  const clientId = lab.clientId()
  const properties = version === 5 ? { properties: { sessionExpiryInterval: 600 } } : {}
  const client = await lab.connect({ clientId, clean: false, ...properties })
  client.send(lab.publishPacket(lab.topic('kept'), { retain: true, payload: 'x' }))
  await client.sync()
  return { lab, clientId }
}

it.each([3, 4, 5] as const)(
  'retained messages and sessions are removed, MQTT version %i',
  async (version) => {
    const target = await embedded()
    const { lab, clientId } = await used(target, version)
    await lab.clean()
    const after = new Lab(target, 4, 'after')
    const client = await after.connect({ clientId, clean: false })
    expect(client.connack?.sessionPresent).toBe(false)
    await after.subscribe(client, lab.topic('#'))
    expect(await client.sync()).toEqual([])
  },
)

it('an exchange that goes on after that creates nothing', async () => {
  const target = await embedded()
  const lab = new Lab(target, 5, 'late')
  const connecting = lab.connect()
  connecting.catch(() => {})
  await lab.clean()
  await expect(connecting).rejects.toThrow('the exchange is over')
  await expect(lab.connect()).rejects.toThrow('the exchange is over')
})
