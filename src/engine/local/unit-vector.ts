// A vector of length 1 in the same direction, as clients of embeddings expect them.

/** All zeros stay as they are: they have no direction. */
export function unitVector(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector);
  return length === 0 ? vector : vector.map((value) => value / length);
}
