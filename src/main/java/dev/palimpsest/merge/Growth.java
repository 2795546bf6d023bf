package dev.palimpsest.merge;

import dev.palimpsest.model.ModelConfig;

/** How a model becomes a larger one. */
public sealed interface Growth
    permits BlockExpansion, DepthUpscaling, ExpertUpcycling, Tiling, WidthCloning {
  /** What the user calls it. */
  String name();

  /** Whether the larger model computes what the base does, up to rounding. */
  boolean preserving();

  /**
   * The method on a base.
   *
   * @throws dev.palimpsest.run.BadInput naming the setting that does not go with the base
   */
  Blueprint over(ModelConfig base);
}
