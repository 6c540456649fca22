/** How many there are of each place (`placeOf`). */
export class PlaceCounts {
  readonly #counts = new Map<string, number>()

  of(place: string): number {
    return this.#counts.get(place) ?? 0
  }

  add(place: string): void {
    this.#counts.set(place, this.of(place) + 1)
  }

  /** Takes back one that was added. */
  remove(place: string): void {
    const count = this.of(place)
    if (count <= 1) this.#counts.delete(place)
    else this.#counts.set(place, count - 1)
  }
}
