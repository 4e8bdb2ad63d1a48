// Long work in steps: other clients are served in between.

export type Steps = Iterator<undefined, void>

/** Work per turn, before other clients are served; one unit is a message handed to a client. */
export const turn = 20_000

/** Units to check a Topic Filter, and to add or remove a subscription. */
export const checkWork = 10
export const changeWork = 40
