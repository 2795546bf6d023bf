package dev.palimpsest.tune;

import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.model.Adapter;
import dev.palimpsest.model.Decoder;
import dev.palimpsest.model.Factors;
import dev.palimpsest.model.Footprint;
import dev.palimpsest.model.FrozenDecoder;
import dev.palimpsest.model.ModelConfig;
import dev.palimpsest.model.Precision;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Seeds;
import dev.palimpsest.tensor.Scope;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A new adapter trains over a base and an earlier adapter, both as they are. The run's product is
 * the two joined, one plain LoRA of both ranks over the untouched base: the new one alone would
 * mean nothing without the other.
 *
 * @param own what trains
 * @param over what stays
 */
public record Stacked(LowRank own, Earlier over) implements Method {
  /**
   * Stacks on an adapter as it is now.
   *
   * @throws dev.palimpsest.run.BadInput if either is a DoRA
   */
  public static Stacked of(LowRank own, Path adapter) {
    Stacked stacked = new Stacked(own, Earlier.of(adapter));
    own.form().requireStackable();
    if (!own.tokens().isEmpty()) {
      throw new BadInput(
          "--train-tokens beside --over: rows of tokens cannot be joined with another adapter;"
              + " merge that one into the model first");
    }
    stacked.over.config().requireStackable();
    return stacked;
  }

  @Override
  public String method() {
    return own.method();
  }

  @Override
  public boolean ofFactors() {
    return true;
  }

  @Override
  public Optional<Earlier> earlier() {
    return Optional.of(over);
  }

  @Override
  public Precision precision() {
    return own.precision();
  }

  @Override
  public List<Precision> precisions() {
    return own.precisions();
  }

  @Override
  public long peakBytes(Footprint base, TuneSettings settings, int rows) {
    return own.peakBytes(base, settings, rows) + base.frozenBytes(over.config());
  }

  @Override
  public Set<String> changes(ModelConfig model) {
    return own.changes(model);
  }

  @Override
  public Start over(LanguageModel model, String name) {
    over.require(model);
    LowRank.Plan plan = own.plan(model, name);
    return seeds -> {
      Adapter below = below(model);
      Decoder base = model.decoder().under(below.factors());
      // a start of its own: under one seed both adapters would draw the same
      LoraParameters factors = plan.begin(base, new Seeds(seeds.seed("over " + over.sha256())));
      FrozenDecoder decoder = new FrozenDecoder(base, factors.factors());
      return new TrainedAdapter(
          plan.config(), base, factors, own.ratio(), decoder, Optional.of(below));
    };
  }

  /** The adapter below; it lives until it is closed. */
  private Adapter below(LanguageModel model) {
    try (Scope scope = Scope.open()) {
      Adapter read = over.read(model);
      read.factors().values().stream()
          .map(Factors::tensors)
          .forEach(tensors -> tensors.forEach(scope::release));
      return read;
    }
  }

  /** The adapter below joined with what trained over it, in the scope that is open. */
  Adapter joined(LanguageModel model, Adapter trained) {
    return over.read(model).and(trained);
  }
}
