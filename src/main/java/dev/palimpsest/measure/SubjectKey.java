package dev.palimpsest.measure;

import tools.jackson.databind.node.ArrayNode;

/**
 * Everything about a system under test that could change its answers. Two systems with the same key
 * answer alike, so what one was seen to do need not be measured again for the other.
 *
 * @param weights fingerprint of the base's weights
 * @param adapter fingerprint of the adapter, its scale included; empty for none
 * @param dtype what it computes in
 * @param template fingerprint of the chat template and the system text; empty for none
 * @param engine version of this program, and what else of the machine changes bits (threads)
 */
public record SubjectKey(
    String weights, String adapter, String dtype, String template, String engine) {
  /** Adds all of it to what a hash is made of. */
  void addTo(ArrayNode parts) {
    parts.add(weights).add(adapter).add(dtype).add(template).add(engine);
  }

  /** The key of the same system with something more before every prompt. */
  SubjectKey prompted(String with) {
    return with.isEmpty()
        ? this
        : new SubjectKey(weights, adapter, dtype, template + " " + with, engine);
  }
}
