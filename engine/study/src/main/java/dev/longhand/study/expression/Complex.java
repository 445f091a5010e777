package dev.longhand.study.expression;

/**
 * A complex number in double precision. An undefined value, such as a quotient by zero, is not
 * finite.
 *
 * @param re the real part
 * @param im the imaginary part
 */
record Complex(double re, double im) {
    static final Complex ONE = new Complex(1, 0);
    static final Complex UNDEFINED = new Complex(Double.NaN, Double.NaN);

    private static final int POWER_MAX = 1 << 20;
    private static final double WHOLE_TOLERANCE = 1e-12;

    /** Lanczos's approximation of the gamma function, g = 7. */
    private static final double[] LANCZOS = {
        0.9999999999998099, 676.5203681218851, -1259.1392167224028, 771.3234287776531,
        -176.6150291621406, 12.507343278686905, -0.13857109526572012, 9.984369578019572e-6,
        1.5056327351493116e-7
    };

    static Complex of(double re) {
        return new Complex(re, 0);
    }

    boolean isDefined() {
        return Double.isFinite(re) && Double.isFinite(im);
    }

    double abs() {
        return Math.hypot(re, im);
    }

    Complex negate() {
        return new Complex(-re, -im);
    }

    Complex plus(Complex other) {
        return new Complex(re + other.re, im + other.im);
    }

    Complex minus(Complex other) {
        return new Complex(re - other.re, im - other.im);
    }

    Complex times(Complex other) {
        if (im == 0 && other.im == 0) {
            return of(re * other.re);
        }
        return new Complex(re * other.re - im * other.im, re * other.im + im * other.re);
    }

    Complex times(double factor) {
        return new Complex(re * factor, im * factor);
    }

    Complex over(Complex other) {
        if (other.re == 0 && other.im == 0) {
            return UNDEFINED;
        }
        if (im == 0 && other.im == 0) {
            return of(re / other.re);
        }
        double norm = other.re * other.re + other.im * other.im;
        return new Complex(
                (re * other.re + im * other.im) / norm, (im * other.re - re * other.im) / norm);
    }

    Complex exp() {
        double size = Math.exp(re);
        return im == 0 ? of(size) : new Complex(size * Math.cos(im), size * Math.sin(im));
    }

    Complex log() {
        return re == 0 && im == 0 ? UNDEFINED : new Complex(Math.log(abs()), Math.atan2(im, re));
    }

    Complex sqrt() {
        if (im == 0) {
            return re >= 0 ? of(Math.sqrt(re)) : new Complex(0, Math.sqrt(-re));
        }
        return log().times(0.5).exp();
    }

    Complex sin() {
        return new Complex(Math.sin(re) * Math.cosh(im), Math.cos(re) * Math.sinh(im));
    }

    Complex cos() {
        return new Complex(Math.cos(re) * Math.cosh(im), -Math.sin(re) * Math.sinh(im));
    }

    Complex sinh() {
        return new Complex(Math.sinh(re) * Math.cos(im), Math.cosh(re) * Math.sin(im));
    }

    Complex cosh() {
        return new Complex(Math.cosh(re) * Math.cos(im), Math.sinh(re) * Math.sin(im));
    }

    /** The principal arc sine: -i log(iz + sqrt(1 - z^2)). */
    Complex asin() {
        if (im == 0 && Math.abs(re) <= 1) {
            return of(Math.asin(re));
        }
        Complex root = ONE.minus(times(this)).sqrt();
        Complex log = new Complex(-im, re).plus(root).log();
        return new Complex(log.im, -log.re);
    }

    /** The principal arc tangent: i/2 (log(1 - iz) - log(1 + iz)). */
    Complex atan() {
        if (im == 0) {
            return of(Math.atan(re));
        }
        Complex turned = new Complex(-im, re);
        Complex log = ONE.minus(turned).log().minus(ONE.plus(turned).log());
        return new Complex(-log.im / 2, log.re / 2);
    }

    Complex pow(Complex exponent) {
        double whole = Math.rint(exponent.re);
        boolean isWhole =
                exponent.im == 0
                        && Math.abs(exponent.re - whole)
                                <= WHOLE_TOLERANCE * Math.max(1, Math.abs(whole))
                        && Math.abs(whole) <= POWER_MAX;
        if (isWhole) {
            Complex power = power((int) Math.abs(whole));
            return whole < 0 ? ONE.over(power) : power;
        }
        if (re == 0 && im == 0) {
            return exponent.re > 0 ? of(0) : UNDEFINED;
        }
        if (im == 0 && exponent.im == 0 && re > 0) {
            return of(Math.pow(re, exponent.re));
        }
        return log().times(exponent).exp();
    }

    private Complex power(int exponent) {
        Complex result = ONE;
        Complex square = this;
        for (int rest = exponent; rest > 0; rest >>= 1) {
            result = (rest & 1) == 1 ? result.times(square) : result;
            square = square.times(square);
        }
        return result;
    }

    /** The factorial, by the gamma function outside the whole numbers. */
    Complex factorial() {
        if (im == 0 && re == Math.rint(re) && re >= 0) {
            double product = 1;
            for (int i = 2; i <= re && Double.isFinite(product); i++) {
                product *= i;
            }
            return of(product);
        }
        if (re < -0.5) { // reflection: z! = pi z / (sin(pi z) (-z)!)
            return times(Math.PI).over(times(Math.PI).sin().times(negate().factorial()));
        }
        Complex sum = of(LANCZOS[0]);
        for (int i = 1; i < LANCZOS.length; i++) {
            sum = sum.plus(of(LANCZOS[i]).over(plus(of(i))));
        }
        Complex shifted = plus(of(LANCZOS.length - 1.5));
        return shifted.pow(plus(of(0.5)))
                .times(shifted.negate().exp())
                .times(sum)
                .times(Math.sqrt(2 * Math.PI));
    }
}
