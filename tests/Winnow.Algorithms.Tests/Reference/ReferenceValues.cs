using System.Text.Json;

namespace Winnow.Algorithms.Tests.Reference;

internal sealed record HeadReference(int N, int D, int K, double C, float[] X, int[] Y, float[] Coef, float[] Intercept, double Loss,
    double Objective);

internal sealed record SetsReference(int N, int D, int K, double C, float[] X, int[] Y, float[] Weights, float[] Coef, float[] Intercept,
    double Loss, double MicroF1, double MacroF1, double Exact);

internal sealed record PcaReference(int N, int D, int Keep, float[] X, double Explained, float[] Projected);

internal sealed record IntervalReference(int K, int N, double Lower, double Upper);

internal sealed record McNemarReference(int First, int Second, double P);

/// <summary>Values of scikit-learn and scipy; make_reference.py beside the file made them.</summary>
internal sealed record ReferenceValues(HeadReference[] Heads, SetsReference[] Sets, PcaReference[] Pca, IntervalReference[] ClopperPearson,
    McNemarReference[] Mcnemar)
{
    public static readonly ReferenceValues Loaded = JsonSerializer.Deserialize<ReferenceValues>(
        File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Reference", "reference.json")),
        new JsonSerializerOptions { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower })!;
}
