package dev.palimpsest.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.palimpsest.Reference;
import dev.palimpsest.inspect.InspectJob;
import dev.palimpsest.merge.MergeJob;
import dev.palimpsest.merge.MergeMethod;
import dev.palimpsest.merge.Merged;
import dev.palimpsest.merge.MethodSettings;
import dev.palimpsest.merge.Weighted;
import dev.palimpsest.model.Checkpoint;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Scope;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Rules for some modules, from a file. */
class MergeReaderTest {
  private static final MethodSettings.Finding FINDING =
      (top, epsilon) -> new InspectJob(top, epsilon, 1)::intruders;
  private static final MethodSettings NOTHING = new MethodSettings(Optional.empty(), Map.of());
  private static final String MLP = "model.layers.1.mlp.up_proj.weight";
  private static final String QUERY = "model.layers.0.self_attn.q_proj.weight";

  @TempDir private Path folder;

  private MergeMethod read(String yaml, MethodSettings call) {
    try {
      Path file = Files.writeString(folder.resolve("merge.yaml"), yaml);
      return MergeReader.read(file).made(call, FINDING);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Merged merge(String out, MergeMethod method, double... weights) {
    return new MergeJob(
            "llama",
            List.of(
                new Weighted(Reference.adapter("plain").toString(), weights[0]),
                new Weighted(Reference.adapter("second").toString(), weights[1])),
            List.of(),
            false,
            method)
        .run(
            folder.resolve(out),
            new MergeJob.Form.Model(Optional.empty()),
            Reference::checkpoint,
            Progress.none());
  }

  private double[] tensor(String out, String name) {
    try (Scope _ = Scope.open();
        Checkpoint model = Checkpoint.open(folder.resolve(out))) {
      return model.weights().read(name, DType.F64).doubles();
    }
  }

  private byte[] bytes(String out) throws IOException {
    return Files.readAllBytes(folder.resolve(out).resolve("model.safetensors"));
  }

  private static MethodSettings method(String name, Map<String, Number> settings) {
    return new MethodSettings(Optional.of(name), settings);
  }

  @ParameterizedTest
  @CsvSource({"ties,density,0.3", "dare,drop,0.4", "linear,,"})
  void oneRuleForAll_isTheCall(String name, String setting, Double value) throws IOException {
    Map<String, Number> settings = setting == null ? Map.of() : Map.of(setting, value);
    String own = setting == null ? "" : ", " + setting + ": " + value;
    merge("call", method(name, settings).made(FINDING), 0.5, 2);
    Merged merged =
        merge(
            "file",
            read(
                "rules:\n- {method: " + name + own + ", weights: {plain: 0.5, second: 2}}\n",
                NOTHING),
            1,
            1);

    assertThat(bytes("file")).isEqualTo(bytes("call"));
    assertThat(merged.rules())
        .containsExactly(new Merged.RuleUse("rules[0] (all)", name, merged.modules()));
  }

  @Test
  void firstRuleThatMatches_counts_andTheRestIsTheMethodForAll() {
    String yaml =
        """
        method: ties
        density: 0.5
        rules:
        - {kind: mlp, layers: 1, method: linear, weights: {plain: 0, second: 1}}
        - {modules: 'model\\.layers\\.[01]\\.mlp\\..*', density: 1}
        """;
    Merged merged = merge("rules", read(yaml, NOTHING), 1, 1);
    merge("second", method("linear", Map.of()).made(FINDING), 0, 1);
    merge("dense", method("ties", Map.of("density", 1)).made(FINDING), 1, 1);
    merge("half", method("ties", Map.of("density", 0.5)).made(FINDING), 1, 1);

    assertThat(tensor("rules", MLP)).isEqualTo(tensor("second", MLP));
    String other = MLP.replace(".1.", ".0.");
    assertThat(tensor("rules", other)).isEqualTo(tensor("dense", other));
    assertThat(tensor("rules", QUERY)).isEqualTo(tensor("half", QUERY));
    assertThat(tensor("rules", QUERY)).isNotEqualTo(tensor("dense", QUERY));
    assertThat(merged.rules()).extracting(Merged.RuleUse::tensors).containsExactly(3, 3);
    assertThat(merged.keptEnergy()).isNull();
  }

  @Test
  void whatTheCallSays_goesBeforeTheFile_andAfterARule() {
    String yaml = "method: dare\ndrop: 0.9\nrules:\n- {kind: mlp, method: linear}\n";
    merge("rules", read(yaml, method("ties", Map.of("density", 0.5))), 1, 1);
    merge("linear", method("linear", Map.of()).made(FINDING), 1, 1);
    merge("half", method("ties", Map.of("density", 0.5)).made(FINDING), 1, 1);

    assertThat(tensor("rules", MLP)).isEqualTo(tensor("linear", MLP));
    assertThat(tensor("rules", QUERY)).isEqualTo(tensor("half", QUERY));
  }

  @Test
  void allThatIsWrong_isToldAtOnce() {
    String yaml =
        """
        densty: 0.3
        method: ties
        rules:
        - {kind: brain}
        - {layers: 3-1}
        - {method: linear, density: 0.3}
        - {weights: [1]}
        - {modules: '('}
        - {density: much}
        - {method: svd, rank: 2}
        """;
    assertThatThrownBy(() -> read(yaml, NOTHING))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("densty is unknown")
        .hasMessageContaining("did you mean density")
        .hasMessageContaining("rules[0].kind brain: known are")
        .hasMessageContaining("rules[1].layers 3-1: give FROM-TO")
        .hasMessageContaining("rules[2].density: is no setting of --method linear")
        .hasMessageContaining("rules[3].weights: give names")
        .hasMessageContaining("rules[4].")
        .hasMessageContaining("rules[5].density: give a number")
        .hasMessageContaining("rules[6].method svd");
  }

  @Test
  void rulesThatAreOverNothing_orWeighNobody_areNamed() {
    String yaml =
        """
        rules:
        - {layers: 7}
        - {kind: mlp}
        - {kind: mlp, layers: 0}
        - {kind: attention, weights: {third: 1}}
        - {kind: norm, method: wise}
        """;
    MergeMethod method = read(yaml, NOTHING);

    assertThatThrownBy(() -> merge("x", method, 1, 1))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("rules[0] (layers 7): no module of the model matches")
        .hasMessageContaining("rules[2] (layers 0, kind mlp): all that it matches, earlier rules")
        .hasMessageContaining("rules[3] (kind attention): weight of third: is none of")
        .hasMessageContaining("rules[4] (kind norm): --method wise")
        .hasMessageNotContaining("rules[1]");
    assertThat(folder.resolve("x")).doesNotExist();
  }
}
