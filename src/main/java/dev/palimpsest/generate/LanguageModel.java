package dev.palimpsest.generate;

import dev.palimpsest.data.Encoder;
import dev.palimpsest.model.AdaptedDecoder;
import dev.palimpsest.model.Checkpoint;
import dev.palimpsest.model.Decoder;
import dev.palimpsest.model.Footprint;
import dev.palimpsest.model.PeftAdapter;
import dev.palimpsest.model.PeftFolder;
import dev.palimpsest.model.Precision;
import dev.palimpsest.run.Memory;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tokenizer.ChatTemplate;
import dev.palimpsest.tokenizer.Tokenizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** A model in memory with all that reads and writes text for it. */
public final class LanguageModel implements AutoCloseable {
  private final Checkpoint checkpoint;
  private final Decoder decoder;
  private final Tokenizer tokenizer;
  private final Optional<ChatTemplate> template;
  private final String fingerprint;
  private final List<PeftAdapter> adapters = new ArrayList<>();

  private LanguageModel(Checkpoint checkpoint, Decoder decoder) {
    this.checkpoint = checkpoint;
    this.decoder = decoder;
    this.tokenizer = checkpoint.tokenizer();
    this.template = checkpoint.chatTemplate();
    this.fingerprint = checkpoint.fingerprint();
  }

  /**
   * Reads a model from a folder in the Hugging Face layout or a GGUF file.
   *
   * @throws dev.palimpsest.run.EnvironmentFailure if it would not fit into the machine's memory
   */
  public static LanguageModel load(Path folderOrGguf, Precision precision, Device device) {
    return load(
        folderOrGguf,
        precision,
        device,
        checkpoint -> {
          Map<String, Long> peaks =
              Footprint.byPrecision(
                  List.of(Precision.values()),
                  each ->
                      new Footprint(checkpoint.config(), each)
                          .runningPeak(Scorer.ROWS, Scorer.workers()));
          long needed =
              new Footprint(checkpoint.config(), precision)
                  .runningPeak(Scorer.ROWS, Scorer.workers());
          Footprint.requireMemory(
              folderOrGguf + ": the model", Memory.machineBytes(), needed, peaks);
        });
  }

  /**
   * The same for work that needs more than the model.
   *
   * @param admit sees the files before any weight is read; may refuse by throwing
   */
  public static LanguageModel load(
      Path folderOrGguf, Precision precision, Device device, Consumer<Checkpoint> admit) {
    Checkpoint checkpoint = Checkpoint.open(folderOrGguf);
    try {
      admit.accept(checkpoint);
      Decoder decoder = Decoder.load(checkpoint.config(), checkpoint.weights(), precision, device);
      return new LanguageModel(checkpoint, decoder);
    } catch (RuntimeException e) {
      checkpoint.close();
      throw e;
    }
  }

  public Checkpoint checkpoint() {
    return checkpoint;
  }

  public Decoder decoder() {
    return decoder;
  }

  public Tokenizer tokenizer() {
    return tokenizer;
  }

  /** {@link Checkpoint#fingerprint}, computed once. */
  public String fingerprint() {
    return fingerprint;
  }

  /** What an empty text begins with: BOS, or else an end token, which ended the text before. */
  public int beginning() {
    return checkpoint.bos().orElseGet(() -> checkpoint.endTokens().iterator().next());
  }

  /** Bytes of the text of some tokens; control tokens have none. */
  public int bytes(int[] ids) {
    int bytes = 0;
    for (int id : ids) {
      bytes += tokenizer.special(id) ? 0 : tokenizer.bytes(id).length;
    }
    return bytes;
  }

  /** Whether it has a chat template. */
  public boolean chats() {
    return template.isPresent();
  }

  /** What makes examples of samples for this model. */
  public Encoder encoder(Encoder.Options options) {
    return new Encoder(tokenizer, template, options);
  }

  /** The model without an adapter. */
  public AdaptedDecoder base() {
    return AdaptedDecoder.base(decoder);
  }

  /**
   * The model with an adapter of this base over it; what it learned lives as long as the model.
   *
   * @throws dev.palimpsest.run.BadInput if the adapter records another base, or does not fit
   */
  public AdaptedDecoder with(Path peftFolder) {
    return over(peftFolder, true);
  }

  /** The same without asking which base the adapter records. */
  public AdaptedDecoder withForeign(Path peftFolder) {
    return over(peftFolder, false);
  }

  @SuppressWarnings("ReferenceEquality") // one adapter, not two that are alike
  private AdaptedDecoder over(Path peftFolder, boolean sameBase) {
    PeftAdapter adapter = PeftFolder.open(peftFolder, decoder.config());
    if (sameBase) {
      adapter.requireBase(fingerprint, peftFolder.toString());
    }
    PeftAdapter there = adapter.on(decoder.device());
    if (there != adapter) {
      adapter.close();
    }
    adapters.add(there);
    return there.over(decoder);
  }

  /** The ids that stand before the answer to a prompt. */
  public int[] promptIds(Prompt prompt) {
    return modelAnswerer(base(), Progress.none()).prompt(prompt);
  }

  /** An answerer over this model. */
  public Answerer answerer(AdaptedDecoder over, Progress progress) {
    return modelAnswerer(over, progress);
  }

  private ModelAnswerer modelAnswerer(AdaptedDecoder over, Progress progress) {
    Encoder.Options options =
        template.isPresent()
            ? Encoder.Options.upTo(over.context())
            : new Encoder.Options(
                Optional.empty(), Encoder.Form.RAW, over.context(), Encoder.Overlong.REFUSE);
    return new ModelAnswerer(this, over, encoder(options), progress);
  }

  @Override
  public void close() {
    adapters.forEach(PeftAdapter::close);
    decoder.close();
    checkpoint.close();
  }
}
