using Winnow.Web.Tests.Security.Doors;

namespace Winnow.Web.Tests.Security;

/// <summary>The matrix on a cluster, each request at another of its doors.</summary>
[Trait("needs", "postgres")]
[Trait("needs", "s3")]
public sealed class TwoSilosMatrixTests(MatrixSetup<TwoSilos> setup) : MatrixTests(setup), IClassFixture<MatrixSetup<TwoSilos>>;
