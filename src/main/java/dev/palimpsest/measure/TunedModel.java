package dev.palimpsest.measure;

import dev.palimpsest.generate.Answerer;
import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.model.AdaptedDecoder;
import dev.palimpsest.model.RandomChange;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Build;
import dev.palimpsest.run.Progress;
import dev.palimpsest.run.Seeds;
import dev.palimpsest.run.Sha256;
import dev.palimpsest.tensor.Native;
import java.nio.file.Path;
import java.util.Locale;

/**
 * A model in memory, with an adapter over it or none, as one side of a ledger.
 *
 * @param name as the user wrote it
 * @param adapter fingerprint of the adapter with its scale; empty for none
 */
public record TunedModel(String name, LanguageModel model, AdaptedDecoder decoder, String adapter) {

  /** The model alone. */
  public static TunedModel base(String name, LanguageModel model) {
    return new TunedModel(name, model, model.base(), "");
  }

  /** The model with a PEFT folder over it. */
  public static TunedModel with(String name, LanguageModel model, Path folder) {
    return new TunedModel(name, model, model.with(folder), fingerprint(folder));
  }

  /** The same without asking which base the adapter records. */
  public static TunedModel withForeign(String name, LanguageModel model, Path folder) {
    return new TunedModel(name, model, model.withForeign(folder), fingerprint(folder));
  }

  private static String fingerprint(Path folder) {
    return Sha256.of(folder.resolve("adapter_model.safetensors"))
        + Sha256.of(folder.resolve("adapter_config.json"));
  }

  /** The adapter's scale multiplied; 0 is the base. */
  public TunedModel scaled(double factor) {
    return new TunedModel(
        name + " × " + factor,
        model,
        decoder.scaled(factor),
        String.format(Locale.ROOT, "%s×%s", adapter, factor));
  }

  /**
   * A random change in the adapter's place, of the same norm on every module; the caller closes its
   * factors.
   *
   * @throws BadInput if there is no low-rank adapter, or its change has no norm of its own
   */
  TunedModel random(long seed) {
    if (decoder.factors().isEmpty()) {
      throw new BadInput(name + ": virtual tokens have no norm that a random change could have");
    }
    String drawn = "random:" + seed;
    return new TunedModel(
        name + " " + drawn,
        model,
        new AdaptedDecoder(
            decoder.decoder(), RandomChange.like(decoder.factors(), new Seeds(seed))),
        adapter + " " + drawn);
  }

  /** What its answers depend on. */
  SubjectKey key() {
    return new SubjectKey(
        model.fingerprint(),
        adapter,
        model.decoder().precision().key(),
        model.chats() ? "own" : "none",
        Build.fingerprint() + ", " + Native.threads() + " threads");
  }

  /** This side of a ledger. */
  public Subject subject(Progress progress) {
    Answerer answerer = model.answerer(decoder, progress);
    return new Subject(
        key(),
        () -> answerer,
        new Loops(model.checkpoint().endTokens(), model.tokenizer()::decode));
  }
}
