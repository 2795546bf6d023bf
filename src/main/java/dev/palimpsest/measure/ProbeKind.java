package dev.palimpsest.measure;

/** What a probe is for. */
public enum ProbeKind {
  /** The change was not meant to move it. */
  RETENTION,
  /** The change was meant to raise it. */
  GAIN
}
