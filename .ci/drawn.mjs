// Has Stryker run only the mutants that were drawn. Its ranges hold all smaller mutants within them, and several of one
// place: without this, most of the time goes into mutants that do not count.
const instrumenter = import.meta.resolve('@stryker-mutator/instrumenter')
const { MutantCollector } = await import(new URL('transformers/mutant-collector.js', instrumenter).href)

/** From now on, mutants of which `isDrawn` is false are ignored. */
export function runOnly(isDrawn) {
  const { collect } = MutantCollector.prototype
  MutantCollector.prototype.collect = function (...mutation) {
    const mutant = collect.apply(this, mutation)
    if (!isDrawn(mutant.toApiMutant())) mutant.ignoreReason ??= 'not drawn'
    return mutant
  }
}
