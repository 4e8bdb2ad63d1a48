// Long work in steps: other clients are served in between.

export type Steps = Iterator<undefined, void>

/** How much is done before other clients have their turn; a unit is a message handed to a client. */
export const turn = 20_000

/** To check a Topic Filter, and to add or remove a subscription. */
export const checkWork = 10
export const changeWork = 40
