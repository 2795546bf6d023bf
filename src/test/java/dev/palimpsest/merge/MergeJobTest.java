package dev.palimpsest.merge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.palimpsest.Reference;
import dev.palimpsest.model.Adapter;
import dev.palimpsest.model.Checkpoint;
import dev.palimpsest.model.PeftFolder;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Json;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The laws of merging, and what is refused. */
class MergeJobTest {
  private static final MergeMethod LINEAR = MergeMethod.of(new Linear());
  private static final MergeJob.Form OWN_TYPE = new MergeJob.Form.Model(Optional.empty());

  @TempDir private Path folder;

  private static String adapter(String name) {
    return Reference.adapter(name).toString();
  }

  private static MergeJob job(MergeMethod method, Weighted... adapters) {
    return new MergeJob("llama", List.of(adapters), List.of(), false, method);
  }

  private Merged run(MergeJob job, String out, MergeJob.Form form) {
    return job.run(
        folder.resolve(out),
        form,
        name -> name.contains("/") ? Path.of(name) : Reference.checkpoint(name),
        Progress.none());
  }

  private Merged run(MergeJob job, String out) {
    return run(job, out, OWN_TYPE);
  }

  private Path weights(String out) {
    return folder.resolve(out).resolve("model.safetensors");
  }

  @Test
  void linear_oppositeWeights_leaveTheBasesBytes() {
    Merged merged =
        run(
            job(LINEAR, new Weighted(adapter("plain"), 1), new Weighted(adapter("plain"), -1)),
            "o");

    assertThat(merged.norm()).isZero();
    assertThat(merged.modules()).isZero();
    assertThat(merged.realisedDelta()).isNull();
    try (Checkpoint base = Checkpoint.open(Reference.checkpoint("llama"));
        Checkpoint out = Checkpoint.open(folder.resolve("o"))) {
      assertThat(out.fingerprint()).isEqualTo(base.fingerprint());
    }
  }

  @Test
  void linear_inAnyOrder_givesTheSameBytes() {
    List<Weighted> all =
        List.of(
            new Weighted(adapter("plain"), 0.7),
            new Weighted(adapter("second"), -0.4),
            new Weighted(adapter("rslora"), 1.3));
    run(job(LINEAR, all.toArray(Weighted[]::new)), "forth");
    run(job(LINEAR, all.reversed().toArray(Weighted[]::new)), "back");

    assertThat(weights("forth")).hasSameBinaryContentAs(weights("back"));
  }

  @ParameterizedTest
  @CsvSource({"plain", "rslora", "patterns"})
  void adapter_ofOne_isItself(String name) {
    run(job(LINEAR, new Weighted(adapter(name), 1)), "again", new MergeJob.Form.PlainAdapter());

    try (Scope _ = Scope.open();
        Checkpoint base = Checkpoint.open(Reference.checkpoint("llama"))) {
      Adapter own = PeftFolder.read(Reference.adapter(name), base.config());
      Adapter again = PeftFolder.read(folder.resolve("again"), base.config());
      again.requireBase(base.fingerprint(), "again");
      assertSameChange(base, own, again);
    }
    run(job(LINEAR, new Weighted(adapter(name), 1)), "own");
    run(job(LINEAR, new Weighted(folder.resolve("again").toString(), 1)), "through");
    assertClose("own", "through", 1e-6);
  }

  private static void assertSameChange(Checkpoint base, Adapter own, Adapter again) {
    assertThat(again.factors().keySet()).isEqualTo(own.factors().keySet());
    own.factors()
        .forEach(
            (module, factors) -> {
              Tensor weight = base.weights().read(module + ".weight", DType.F64);
              Tensor change = factors.change(weight, 0);
              Tensor other = Objects.requireNonNull(again.factors().get(module)).change(weight, 0);
              assertThat(norm(change.minus(other))).isLessThan(1e-6 * norm(change));
            });
  }

  @Test
  void adapter_ofTwo_mergesLikeTheTwo() {
    Weighted[] two = {new Weighted(adapter("plain"), 0.7), new Weighted(adapter("patterns"), -0.4)};
    Merged joined = run(job(LINEAR, two), "joined", new MergeJob.Form.PlainAdapter());
    run(job(LINEAR, two), "own");
    run(job(LINEAR, new Weighted(folder.resolve("joined").toString(), 1)), "through");

    assertThat(joined.keptEnergy()).isEqualTo(1);
    assertClose("own", "through", 1e-6);
  }

  /** The best approximation of a rank misses exactly the discarded singular values. */
  @Test
  void svd_ofARank_missesWhatItDiscards() {
    Weighted[] two = {new Weighted(adapter("plain"), 1), new Weighted(adapter("second"), 1)};
    Merged cut = run(job(MergeMethod.svd(5), two), "cut", new MergeJob.Form.PlainAdapter());
    run(job(LINEAR, two), "whole");
    run(job(LINEAR, new Weighted(folder.resolve("cut").toString(), 1)), "part");

    assertThat(cut.keptEnergy()).isBetween(0.5, 0.999);
    double missed = 0;
    double all = 0;
    Map<String, double[]> base = tensors(Reference.checkpoint("llama"));
    Map<String, double[]> whole = tensors(folder.resolve("whole"));
    Map<String, double[]> part = tensors(folder.resolve("part"));
    for (String name : whole.keySet()) {
      missed += distance(get(whole, name), get(part, name));
      all += distance(get(whole, name), get(base, name));
    }
    assertThat(1 - missed / all).isCloseTo(Objects.requireNonNull(cut.keptEnergy()), within(1e-5));
  }

  /** What bf16 keeps of a change, by what is in the file. */
  @Test
  void realisedDelta_inBf16_isThatOfTheFile() throws IOException {
    Merged merged =
        run(
            job(LINEAR, new Weighted(adapter("plain"), 0.01)),
            "bf16",
            new MergeJob.Form.Model(Optional.of(DType.BF16)));
    run(job(LINEAR, new Weighted(adapter("plain"), 0.01)), "fp32");

    Map<String, double[]> base = tensors(Reference.checkpoint("llama"));
    Map<String, double[]> wanted = tensors(folder.resolve("fp32"));
    Map<String, double[]> stored = tensors(folder.resolve("bf16"));
    double realised = 0;
    double asked = 0;
    double error = 0;
    for (Realised each : merged.byModule()) {
      realised += distance(get(stored, each.name()), get(base, each.name()));
      asked += distance(get(wanted, each.name()), get(base, each.name()));
      error += distance(get(stored, each.name()), get(wanted, each.name()));
    }
    assertThat(merged.realisedDelta()).isCloseTo(Math.sqrt(realised / asked), within(1e-4));
    assertThat(merged.realisedError()).isCloseTo(Math.sqrt(error / asked), within(1e-4));
    assertThat(merged.realisedError()).isGreaterThan(0.05);
    assertThat(merged.norm()).isCloseTo(Math.sqrt(asked), within(1e-4 * Math.sqrt(asked)));
    assertThat(Json.read(folder.resolve("bf16/config.json")).get("dtype").asString())
        .isEqualTo("bfloat16");
    assertThat(Files.readString(folder.resolve("bf16/tokenizer.json")))
        .isEqualTo(Files.readString(Reference.checkpoint("llama").resolve("tokenizer.json")));
  }

  @Test
  void wise_isOnTheLine_andItsEndsAreTheTwoModels() {
    run(job(LINEAR, new Weighted(adapter("dora"), 1)), "tuned");
    Weighted tuned = new Weighted(folder.resolve("tuned").toString(), 1);
    for (double weight : new double[] {0, 0.25, 1}) {
      run(
          new MergeJob("llama", List.of(), List.of(tuned), false, MergeMethod.of(new Wise(weight))),
          "wise" + weight);
    }

    Map<String, double[]> base = tensors(Reference.checkpoint("llama"));
    Map<String, double[]> ends = tensors(folder.resolve("tuned"));
    Map<String, double[]> quarter = tensors(folder.resolve("wise0.25"));
    base.forEach(
        (name, values) -> {
          for (int i = 0; i < values.length; i++) {
            assertThat(get(quarter, name)[i])
                .isCloseTo(0.75 * values[i] + 0.25 * get(ends, name)[i], within(1e-6));
          }
        });
    assertThat(weights("wise1.0")).hasSameBinaryContentAs(weights("tuned"));
    assertClose("wise0.0", Reference.checkpoint("llama").toString(), 0);
  }

  /** Each entry stays with one chance in four, four times as large; and the same draws again. */
  @Test
  void dare_keepsSomeEntriesEnlarged() {
    MergeMethod dare = MergeMethod.of(new Dare(0.75, 5));
    run(job(dare, new Weighted(adapter("plain"), 1)), "one");
    run(job(dare, new Weighted(adapter("plain"), 1)), "two");
    run(job(LINEAR, new Weighted(adapter("plain"), 1)), "whole");

    assertThat(weights("one")).hasSameBinaryContentAs(weights("two"));
    String name = "model.layers.0.mlp.up_proj.weight";
    double[] base = get(tensors(Reference.checkpoint("llama")), name);
    double[] whole = get(tensors(folder.resolve("whole")), name);
    double[] some = get(tensors(folder.resolve("one")), name);
    int kept = 0;
    for (int i = 0; i < base.length; i++) {
      if (some[i] != base[i]) {
        kept++;
        assertThat(some[i] - base[i]).isCloseTo(4 * (whole[i] - base[i]), within(1e-5));
      }
    }
    assertThat((double) kept / base.length).isBetween(0.2, 0.3);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "dora:0.5 | only alone and with weight 1",
        "embedding | the factors do not fit the model",
        "saved-head-tied | modules_to_save",
        "saved-embedding-tied | the base ties them",
        "tokens-apart | the base ties them",
        "head-tied | the base ties them",
        "prompt | PROMPT_TUNING changes no weights",
        "nowhere | no adapter",
      })
  void adapter_thatCannotBeMerged_isRefusedByName(String text, String message) throws IOException {
    Weighted named = Weighted.parse(Reference.adapter(text).toString());
    assertThatThrownBy(() -> run(job(LINEAR, named), "o"))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining(message)
        .hasMessageContaining(text.replaceAll(":.*", ""));
    assertEmpty();
  }

  @Test
  void rows_thatWouldBecomeFactors_areRefused() throws IOException {
    assertThatThrownBy(
            () ->
                run(
                    job(MergeMethod.svd(2), new Weighted(adapter("tokens-tied"), 1)),
                    "o",
                    new MergeJob.Form.PlainAdapter()))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("no product of a linear module's factors");
    assertEmpty();
  }

  @Test
  void dora_inASum_isRefused() throws IOException {
    assertThatThrownBy(
            () ->
                run(
                    job(
                        LINEAR,
                        new Weighted(adapter("plain"), 1),
                        new Weighted(adapter("dora"), 1)),
                    "o"))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("a DoRA adapter is not linear");
    assertEmpty();
  }

  @Test
  void type_thatDoesNotHoldTheSum_isRefused() throws IOException {
    assertThatThrownBy(
            () ->
                run(
                    job(LINEAR, new Weighted(adapter("plain"), 1e6)),
                    "o",
                    new MergeJob.Form.Model(Optional.of(DType.F16))))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("too large for F16");
    assertEmpty();
  }

  @Test
  void out_thatIsThere_isLeftAlone() throws IOException {
    Path kept = Files.createDirectories(folder.resolve("mine")).resolve("note");
    Files.writeString(kept, "keep");
    assertThatThrownBy(() -> run(job(LINEAR, new Weighted(adapter("plain"), 1)), "mine"))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("is there already");
    assertThat(kept).hasContent("keep");
  }

  @Test
  void tuned_ofAnotherShape_isRefused() throws IOException {
    MergeJob job =
        new MergeJob("llama", List.of(), List.of(new Weighted("qwen2", 1)), false, LINEAR);
    assertThatThrownBy(() -> run(job, "o"))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("no tuned form of");
    assertEmpty();
  }

  private void assertEmpty() throws IOException {
    try (Stream<Path> inside = Files.list(folder)) {
      assertThat(inside).isEmpty();
    }
  }

  private void assertClose(String one, String other, double most) {
    Map<String, double[]> left = tensors(folder.resolve(one));
    Map<String, double[]> right =
        tensors(
            folder.resolve(
                Path.of(other).toAbsolutePath().startsWith(Path.of("src").toAbsolutePath())
                    ? Path.of(other).toAbsolutePath()
                    : Path.of(other)));
    left.forEach(
        (name, values) ->
            assertThat(Math.sqrt(distance(values, get(right, name))))
                .as(name)
                .isLessThanOrEqualTo(
                    most * (1 + Math.sqrt(distance(values, new double[values.length])))));
  }

  private static double[] get(Map<String, double[]> tensors, String name) {
    return Objects.requireNonNull(tensors.get(name), name);
  }

  private static Map<String, double[]> tensors(Path model) {
    Map<String, double[]> tensors = new TreeMap<>();
    try (Checkpoint checkpoint = Checkpoint.open(model)) {
      for (String name : new ArrayList<>(checkpoint.weights().tensors().keySet())) {
        try (Scope _ = Scope.open()) {
          tensors.put(name, checkpoint.weights().read(name, DType.F64).doubles());
        }
      }
    }
    return tensors;
  }

  private static double distance(double[] one, double[] other) {
    double sum = 0;
    for (int i = 0; i < one.length; i++) {
      sum += (one[i] - other[i]) * (one[i] - other[i]);
    }
    return sum;
  }

  private static double norm(Tensor tensor) {
    return Math.sqrt(tensor.square().sum().item());
  }
}
