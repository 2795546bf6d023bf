package dev.palimpsest.measure;

import java.util.List;

/**
 * Items that this machine cannot grade. They are neither right nor wrong, and count nowhere.
 *
 * @param probe the probe's name
 * @param kind the probe's
 * @param ids of the items
 */
public record Skipped(String probe, ProbeKind kind, String reason, List<String> ids) {
  /** Copies the ids. */
  public Skipped {
    ids = List.copyOf(ids);
  }
}
