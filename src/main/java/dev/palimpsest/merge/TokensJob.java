package dev.palimpsest.merge;

import dev.palimpsest.model.AddedTokens;
import dev.palimpsest.model.Checkpoint;
import dev.palimpsest.model.ModelConfig;
import dev.palimpsest.model.ModelFolder;
import dev.palimpsest.model.ModelTensors;
import dev.palimpsest.run.AtomicFolder;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Problems;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Native;
import dev.palimpsest.tensor.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * A model whose tokenizer gets more tokens, and its embedding and head rows for them where there
 * are none to spare. All else stays as it was, the old tokens' logits with it.
 *
 * @param model what the user called the base
 * @param tokens in the order of their ids
 * @param special whether they are part of no text
 * @param init what their rows begin as
 * @param type of the tensors; the base's own if empty, F32 for a quantised base
 * @param check of the old tokens' logits
 */
public record TokensJob(
    String model,
    List<String> tokens,
    boolean special,
    Init init,
    Optional<DType> type,
    GrowJob.Check check) {
  /** What a new row begins as. */
  public enum Init {
    /**
     * The mean of all tokens' rows: a new token is nowhere likelier than the mean of the old ones,
     * so n of them take at most n / (n + vocabulary) of any distribution (Hewitt 2021,
     * "Initializing New Word Embeddings for Pretrained Language Models").
     */
    MEAN,
    /** The mean of the rows that the token's text had before (Gee et al. 2022, 2402.09977). */
    PIECES
  }

  private static final Set<String> TABLES = Set.of(ModelTensors.EMBEDDING, ModelTensors.HEAD);

  /** Copies the list. */
  public TokensJob {
    tokens = List.copyOf(tokens);
  }

  /**
   * Writes the model into a new folder, which appears whole or not at all.
   *
   * @throws BadInput if a token cannot be added, or the folder is there already
   */
  public GrownTokens run(Path out, MergeJob.Models models, Progress progress) {
    AtomicFolder.requireNew(out);
    return Native.withoutGradients(
        () -> {
          try (Checkpoint base = Checkpoint.open(models.locate(model))) {
            AddedTokens added = AddedTokens.of(base, tokens, special);
            requirePieces(added);
            ModelConfig grown = added.over(base.config());
            ModelFolder.requireWritable(base, grown);
            if (check == GrowJob.Check.LOGITS) {
              LogitCheck.requireMemory(grown);
            }
            List<LogitCheck> logits = new ArrayList<>();
            AtomicFolder.write(
                out,
                folder -> {
                  write(folder, base, added, progress);
                  if (check == GrowJob.Check.LOGITS) {
                    logits.add(checked(folder, base, added));
                  }
                });
            return GrownTokens.of(out, base, added, logits.stream().findFirst());
          }
        });
  }

  private void requirePieces(AddedTokens added) {
    Problems problems = new Problems();
    for (int i = 0; i < tokens.size(); i++) {
      if (init == Init.PIECES && added.pieces().get(i).isEmpty()) {
        problems.add("\"" + tokens.get(i) + "\"");
      }
    }
    problems.throwIfAny("--init pieces: the tokenizer makes nothing of these; give --init mean");
  }

  private void write(Path folder, Checkpoint base, AddedTokens added, Progress progress) {
    ModelConfig grown = added.over(base.config());
    Steps steps = Steps.of("growing", grown, progress);
    ModelFolder.write(
        folder,
        base,
        new ModelFolder.Reshaped(
            grown,
            type,
            UnaryOperator.identity(),
            name -> {
              steps.next();
              Tensor old = base.weights().read(name, DType.F32);
              return TABLES.contains(name) ? table(old, added, grown.vocabulary()) : old;
            }));
    added.write(folder);
    recorded(base, added).write(folder);
  }

  /** Old rows, new ones, and what is left to spare. */
  private Tensor table(Tensor old, AddedTokens added, int rows) {
    int known = added.known();
    int end = known + added.tokens().size();
    List<Tensor> parts = new ArrayList<>();
    parts.add(old.narrow(0, 0, known));
    Tensor mean = mean(old.narrow(0, 0, known));
    for (List<Integer> pieces : added.pieces()) {
      parts.add(init == Init.MEAN ? mean : mean(old.rows(Tensor.ofIndices(pieces))));
    }
    if (rows > end) {
      parts.add(old.narrow(0, end, rows - end));
    }
    return Tensor.cat(0, parts);
  }

  private static Tensor mean(Tensor rows) {
    return rows.to(DType.F64)
        .transpose(0, 1)
        .sum(1)
        .times(1.0 / rows.size(0))
        .to(DType.F32)
        .view(1, rows.size(1));
  }

  /**
   * What was new before stays so: layers and tokens of an earlier growth train by the same word.
   */
  private GrowthRecord recorded(Checkpoint base, AddedTokens added) {
    Optional<GrowthRecord> before = GrowthRecord.before(base.path());
    Map<String, Integer> ids = new LinkedHashMap<>();
    before.ifPresent(record -> ids.putAll(record.newTokens()));
    ids.putAll(added.ids());
    return new GrowthRecord(
        model,
        base.fingerprint(),
        GrownTokens.METHOD,
        Blueprint.inOrder(0, base.config().layers()),
        before.map(GrowthRecord::newLayers).orElse(List.of()),
        before.map(GrowthRecord::newParts).orElse(List.of()),
        ids);
  }

  private static LogitCheck checked(Path folder, Checkpoint base, AddedTokens added) {
    try (Checkpoint grown = Checkpoint.open(folder)) {
      return LogitCheck.between(base, grown, added.known());
    }
  }
}
